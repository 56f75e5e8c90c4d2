"""All settings: one table that gives every setting its flag, its `STREAMREC_*` variable, its key in `streamrec.toml` and its default."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.functional_validators import AfterValidator
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from streamrec.errors import SettingsError
from streamrec.system.servers import require_host, require_url, servers_of

FILE = "streamrec.toml"
PREFIX = "STREAMREC_"
OUTSIDE_THE_TABLE = {"STREAMREC_CONFIG"}
TOKEN_LENGTH = 12
"""Shorter tokens, and words, can be guessed even at the pace that `streamrec.web.guesses` allows."""
PLACES = {
    "broker": "sasl_username and sasl_password",
    "schema_registry": "schema_registry_auth (user:password), better as STREAMREC_SCHEMA_REGISTRY_AUTH than as a flag",
}
"""Settings that are addresses, which are shown and logged, and where their passwords belong instead."""

Positive = Annotated[int, Field(ge=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
"""Neither infinite, beside which no bound means anything, nor NaN, with which nothing compares."""
Seconds = Annotated[Finite, Field(gt=0)]

TOPIC_NAME = 249
"""Longest name that Kafka takes for a topic."""
# The longest of our names. It is written out, and a test compares it with the table, so that settings need not know the topics.
LONGEST_PREFIX = TOPIC_NAME - len("training-examples")
SERVICE_LINK = re.compile(r"\w+_SERVICE_(HOST|PORT(_\w+)?)|\w+_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")
"""Variables by which Kubernetes tells every pod of the services in its namespace. A service named streamrec-web makes
STREAMREC_WEB_PORT=tcp://10.0.0.1:6066 as well, which no setting of ours can mean."""


def _servers(broker: str) -> str:
    servers_of(broker)
    return broker


def _prefix(prefix: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9._-]*", prefix):
        raise ValueError(f"{prefix!r} holds what no name of a topic may: Kafka takes ASCII letters, digits, '.', '_' and '-'")
    if len(prefix) > LONGEST_PREFIX:
        raise ValueError(f"it has {len(prefix)} characters, and Kafka's names of topics leave room for {LONGEST_PREFIX}")
    return prefix


class Settings(BaseSettings):
    """All settings. Flags win over the environment, the environment over `streamrec.toml`, and that over the defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    # Kafka
    broker: Annotated[str, AfterValidator(_servers)] = Field(
        "127.0.0.1:9092", description="Bootstrap servers of Kafka, comma-separated host:port."
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field("streamrec.", description="Put before the name of every topic.")
    app_id: str = Field("streamrec", description="Consumer group and prefix of the transactional ids; one per deployment.")
    partitions: Positive = Field(8, description="Partitions of the keyed topics; must be the same for all of them.")
    replication_factor: Positive = Field(1, description="Replicas of the topics that are created.")
    min_insync_replicas: Positive = Field(1, description="min.insync.replicas of the topics that are created.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients talk to Kafka."
    )
    ssl_cafile: Path | None = Field(None, description="CA certificates that sign the brokers' certificates (PEM).")
    ssl_certfile: Path | None = Field(None, description="The client's own certificate (PEM).")
    ssl_keyfile: Path | None = Field(None, description="The key of the client's certificate (PEM).")
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("PLAIN", description="SASL mechanism.")
    sasl_username: str | None = Field(None, description="SASL user name.")
    sasl_password: SecretStr | None = Field(None, description="SASL password; never printed.")
    broker_patience_s: Seconds = Field(60.0, description="How long commands and the worker wait for a broker that does not answer.")

    # worker
    data_dir: Path = Field(Path("streamrec-data"), description="Folder of the worker's local state; one per worker.")
    instance_id: str | None = Field(None, description="Static membership id; made up once and kept in the data folder when unset.")
    web_host: Annotated[str, AfterValidator(require_host)] = Field(
        "127.0.0.1", description="Address on which the worker serves the live page, health and metrics."
    )
    web_port: Annotated[int, Field(ge=0, le=65535)] = Field(6066, description="Its port; 0 takes a free one.")
    web_token: SecretStr | None = Field(
        None, description="Opens live page and state to others (12 characters or more; never printed); unset, only this machine may look."
    )
    web_show_people: bool = Field(False, description="Whether the live page shows user ids and what people write.")
    checkpoint_interval_s: Seconds = Field(0.5, description="Longest time between two checkpoints of a partition that moved.")
    checkpoint_lists: Positive = Field(5000, description="A checkpoint is taken after so many sent records even before its time.")
    schema_registry: Annotated[str, AfterValidator(require_url)] | None = Field(
        None, description="Where the schemas of Avro events are: the URL of a schema registry, or a folder of ID.avsc files."
    )
    schema_registry_auth: SecretStr | None = Field(None, description="user:password for the schema registry; never printed.")
    session_timeout_s: Seconds = Field(6.0, description="After this silence Kafka gives a worker's partitions to another.")
    fetch_max_wait_ms: Positive = Field(200, description="How long the broker may hold an empty fetch back.")
    poll_records: Positive = Field(2000, description="Most records of one poll; the upper bound of a micro-batch.")
    row_cache_mb: Positive = Field(
        512, description="Megabytes of rows that a worker keeps in memory beside those to be saved; it reads the others from disk."
    )
    lost_disk_s: Seconds = Field(
        600.0, description="The disk of a partition that another worker has is deleted after so long; until then it may come back."
    )
    erasure_mark_days: Positive = Field(
        30, description="So long a hash of an erased user's id keeps older events out; set it longer than the event topics keep theirs."
    )
    stall_timeout_s: Seconds = Field(45.0, description="The process ends when a checkpoint takes longer than this.")

    room_silence_s: Seconds = Field(86_400.0, description="A live room that says nothing for so long is taken for ended.")
    unlisted_items: Positive = Field(
        20_000, description="Ids without an item record whose statistics are kept, over all partitions; the least recent go first."
    )
    unlisted_days: Positive = Field(7, description="Days after its last signal until such an id is forgotten.")
    removed_days: Positive = Field(30, description="The same for an item that was removed from the catalogue.")

    # model
    model: Path | None = Field(None, description="Folder of the model; the one inside the package when unset.")
    scoring: Literal["bert", "off"] = Field("bert", description="Whether BERT takes part; off ranks by behaviour alone.")
    blend: Path | None = Field(None, description="A blend that `streamrec train blend` made; that of the model's folder when unset.")
    blend_for: Literal["auto", "always", "never"] = Field(
        "auto", description="auto: the blend ranks a catalogue that it was trained on, the plain blend any other; always: any; never: none."
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="Where the model runs; cuda refuses a silent fall-back to the CPU.")
    precision: Literal["auto", "fp32", "int8", "fp16"] = Field(
        "auto", description="Precision in which pairs are scored; auto takes fp16 on a GPU and int8 on a CPU where these rank as fp32 does."
    )
    gpu_memory_mb: Annotated[int, Field(ge=0)] = Field(
        4096,
        description="Most megabytes of a graphics card that each graph of a worker takes (there are two, six with late_pairs); 0: all.",
    )
    cuda_graphs: bool = Field(False, description="Record small runs on a graphics card as CUDA graphs and replay them.")
    threads: Positive = Field(1, description="Model runs that go on at the same time on the CPU, each on one thread.")
    score_cache_mb: Annotated[int, Field(ge=0)] = Field(16, description="Megabytes of scores of pairs that are kept; 0 keeps none.")
    cross_pairs: Annotated[int, Field(ge=0, le=1000)] = Field(
        32, description="Items of one list that the cross-encoder scores where the load allows; 0 turns it off."
    )
    cross_for: Literal["auto", "writers", "all"] = Field(
        "auto",
        description="Whose lists the cross-encoder reads: all, or writers of the last minute; "
        "auto: all on a GPU, else those where it was worth it.",
    )
    late_pairs: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="Most items of one list that late interaction scores, to choose those for the cross-encoder; 0 turns it off."
    )
    cross_pairs_fixed: bool = Field(False, description="Score exactly `cross_pairs` items, whatever the load and however long it takes.")
    budget_ms: Seconds = Field(
        60.0, description="So long after its ranking began a list waits for the cross-encoder; what has not come by then is left out."
    )

    # ranking
    k: Annotated[int, Field(ge=1, le=1000)] = Field(10, description="Items in a list.")
    candidates: Literal["auto", "live", "all"] = Field(
        "auto", description="live: shelves of live rooms; all: every item; auto: live once there is a room."
    )
    repeats: Literal["allow", "exclude"] = Field("allow", description="Whether items that the user bought before may be in the list.")
    diversity: Annotated[Finite, Field(ge=0, le=1)] = Field(0.1, description="0 takes the best scores, 1 the most different items.")
    diversity_method: Literal["mmr", "dpp"] = Field(
        "mmr", description="mmr: away from the most similar item of the list; dpp: away from all of them at once."
    )
    max_per_category: Annotated[int, Field(ge=0)] = Field(0, description="Most items of one category in a list; 0 sets no limit.")
    max_per_host: Annotated[int, Field(ge=0)] = Field(0, description="Most items of one host in a list; 0 sets no limit.")
    max_shown: Annotated[int, Field(ge=0)] = Field(
        10, description="An item seen so often within some hours without a reaction makes room for others; 0 sets no limit."
    )
    visible_places: Annotated[int, Field(ge=0)] = Field(
        4, description="Places of a list that are taken for seen as long as the shop sends no impressions; 0 takes none."
    )
    explore_slots: Annotated[int, Field(ge=0, le=8)] = Field(
        1, description="Places of a list for items that few have seen, at its end; unused until feedback with impressions comes in."
    )
    arms: Path | None = Field(
        None, description="File (TOML) of the arms of an experiment, each with its share of the users and ranking settings of its own."
    )
    coalesce: bool = Field(
        True, description="One list for all triggers of a user in one micro-batch, and of a longer span while the worker is behind."
    )
    min_interval_ms: Annotated[int, Field(ge=0)] = Field(
        0, description="Least event time between two lists of one user; triggers within it are coalesced into the next."
    )
    stats_interval_ms: Annotated[int, Field(ge=0)] = Field(1000, description="Least time between two item-stats records of one item.")

    # rooms
    understanding: Literal["model", "rules"] = Field(
        "model", description="How comments are read: by the model, or by rules alone, which know no intents and no sentiment."
    )
    room_model: Path | None = Field(
        None, description="Folder of the model of comments (`streamrec train understanding`); the one inside the package when unset."
    )
    answers: bool = Field(True, description="Answer questions of viewers on the topic `replies`.")
    answer_window_s: Seconds = Field(60.0, description="Equal questions within so long get one answer.")
    policies: Path | None = Field(None, description="File (TOML) of the shop's policies, from which questions are answered too.")

    # learning
    slates: bool = Field(True, description="Write every list with its features to the topic `slates`, for the learner.")
    learn_port: Annotated[int, Field(ge=0, le=65535)] = Field(6067, description="Port for the learner's metrics; 0 takes a free one.")
    learn_settle_s: Seconds = Field(
        5.0, description="A reaction is learned from after so long, so that the impressions beside it are known."
    )
    learn_interval_s: Seconds = Field(10.0, description="Least time between two versions of the weights.")
    learn_reactions: Positive = Field(50, description="Fresh reactions that a version is judged by, at least.")
    learn_users: Positive = Field(10, description="Users from whom these must come, at least.")
    learn_user_cap: Annotated[Finite, Field(gt=0)] = Field(5.0, description="Most weight that one user's reactions have in one version.")
    learn_rate: Annotated[Finite, Field(gt=0, le=1)] = Field(0.05, description="Step of the gradient descent.")
    learn_decay: Annotated[Finite, Field(ge=0, le=1)] = Field(
        0.01, description="How strongly what was learned is drawn back to nothing (L2)."
    )
    learn_max_step: Annotated[Finite, Field(gt=0)] = Field(0.3, description="Largest change (Euclidean norm) from one version to the next.")
    learn_max_norm: Annotated[Finite, Field(gt=0)] = Field(
        3.0, description="Largest distance (Euclidean norm) from the model's own weights."
    )
    learn_slates: Positive = Field(200_000, description="Slates that the learner keeps in memory for feedback to come.")
    weight_click: Finite = Field(1.0, description="What a click counts.")
    weight_cart: Finite = Field(2.0, description="What putting into the cart counts.")
    weight_purchase: Finite = Field(4.0, description="What a purchase counts.")
    weight_hide: Finite = Field(-2.0, description="What hiding an item counts; below 0 it speaks against the item.")
    weight_complaint: Finite = Field(-4.0, description="What a complaint counts.")

    # logs
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged, on stderr.")

    @field_validator("web_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        text = token.get_secret_value() if token is not None else None
        if text is not None and (len(text) < TOKEN_LENGTH or not text.isprintable() or text != text.strip()):
            raise ValueError(
                f"a token has at least {TOKEN_LENGTH} characters, no control characters and no blank at its ends: "
                "make one with `openssl rand -hex 16`, or unset it, and only this machine is answered"
            )
        return token

    @field_validator(*PLACES, mode="before")  # before the others, which show what they refuse
    @classmethod
    def _without_password(cls, place: Any, info: ValidationInfo) -> Any:
        # No user part is taken out of a URL: with an unescaped / or # in a password, nobody can tell where it ends.
        if isinstance(place, str) and "@" in place and (info.field_name == "broker" or re.search(r"//|^[^/]*:[^/]*@", place)):
            raise ValueError(f"it holds a user or a password, and addresses are shown: give these as {PLACES[str(info.field_name)]}")
        if isinstance(place, str) and re.search(r"://.*[?#]", place):
            raise ValueError("it goes on after a ? or #, where a secret may stand, and addresses are shown: leave that away")
        return place

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = {name: value for name, value in env_settings.env_vars.items() if not _is_service_link(name, value or "")}
        return init_settings, env_settings, InitSettingsSource(settings_cls, in_file())

    def topic(self, name: str) -> str:
        """The full name of a topic."""
        return self.prefix + name


def config_file() -> Path:
    """The file that settings are read from: the one that `STREAMREC_CONFIG` names, else `streamrec.toml` in the current folder."""
    return Path(os.environ.get("STREAMREC_CONFIG", FILE))


def in_file() -> dict[str, Any]:
    """The settings in the file; empty if there is no file.

    Raises:
        ValueError: the file is not TOML.
    """
    return read_toml(config_file()) if config_file().is_file() else {}


def read_toml(path: Path) -> dict[str, Any]:
    """The contents of a TOML file, in UTF-8 with or without a byte order mark."""
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def from_environment() -> set[str]:
    """The names of the environment variables that stand for settings."""
    return {name for name, value in os.environ.items() if name.upper().startswith(PREFIX) and not _is_service_link(name, value)}


def load(**flags: Any) -> Settings:
    """The settings in force. A flag that is None was not given.

    Raises:
        SettingsError: a setting is unknown, a value makes no sense, or the file that is named does not exist.
    """
    names = Settings.model_fields
    for variable in sorted(from_environment() - OUTSIDE_THE_TABLE):
        if variable.startswith(PREFIX) and variable.removeprefix(PREFIX).lower() not in names:
            raise SettingsError(f"the environment variable {variable} is not a setting{_nearest(variable.removeprefix(PREFIX).lower())}")
    if "STREAMREC_CONFIG" in os.environ and not config_file().is_file():
        raise SettingsError(f"STREAMREC_CONFIG names {config_file()}, which is not there; correct it or unset it")
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as exc:
        raise SettingsError("; ".join(_complaint(error) for error in exc.errors())) from exc
    except ValueError as exc:
        raise SettingsError(f"{config_file()} is not valid TOML: {exc}") from exc


def _complaint(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{name} is not a setting{_nearest(name)}"
    return f"{name}: {error['msg'].removeprefix('Value error, ')}"


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"; did you mean {near[0]}?" if near else "; `streamrec config show` lists them all"


def _is_service_link(name: str, value: str) -> bool:
    return bool(SERVICE_LINK.fullmatch(name.upper())) or (
        name.upper().endswith("_PORT") and value.startswith(("tcp://", "udp://", "sctp://"))
    )
