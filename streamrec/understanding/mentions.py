"""Which items a comment means, how it refers to them, and which it does not want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streamrec.events.speech import Mention, Reference
from streamrec.understanding import phrases, positions
from streamrec.understanding.bits import slots
from streamrec.understanding.names import GUESSED, Cue, Names
from streamrec.understanding.normalise import Normal
from streamrec.understanding.phrases import described, pattern
from streamrec.understanding.pointing import ASKS, OF_ITEMS, about_what_is_on_air
from streamrec.understanding.refusals import Span, refused, refuses_all
from streamrec.understanding.scene import Scene

MOST_ITEMS = 3
"""Who means more items than that by one word asks about none of them."""
_SURE: dict[Reference, float] = {"position": 1.0, "history": 0.9, "title": 0.95, "category": 0.9, "deictic": 0.8}
_RANK: tuple[Reference, ...] = ("position", "history", "title", "category", "deictic")
_NOTHING = Names([])


class Found(NamedTuple):
    """What a comment means: items, surest first, and the items that it does not want."""

    items: list[Mention]
    unwanted: list[str]
    answers: bool = False
    """Whether the comment is the number that the host asked for: a wish, whatever its words say."""


class _Named(NamedTuple):
    """A place of the text and the slots that it means."""

    start: int
    end: int
    slots: list[int]
    ref: Reference


def mentions(normal: Normal, scene: Scene, intents: Sequence[str]) -> Found:
    """The items that a comment with those intents means in that scene, and those that it refuses."""
    if not intents or "spam" in intents:
        return Found([], [])
    return _Reading(normal, scene, frozenset(intents)).found()


class _Reading:
    """One comment as it is read."""

    def __init__(self, normal: Normal, scene: Scene, intents: frozenset[str]) -> None:
        self.normal, self.text, self.scene, self.intents = normal, normal.text, scene, intents
        self.names = scene.names if scene.names is not None else _NOTHING
        self.on_air = self.names.slots.get(scene.on_air) if scene.on_air is not None else None
        self.idle = not intents & OF_ITEMS
        """Nothing is asked, wanted or judged: only what is named outright counts."""
        self.unclear = False
        """A kind is named of which too many items are."""

    def found(self) -> Found:
        named = self._by_position()
        named += self._by_name(named)
        named += self._described(named)
        if (before := self._before(named)) is not None:
            named = [before]
        named.sort()
        unwanted: list[str] = []
        wanted: dict[str, Reference] = {}
        pointed = self._pointed(named)
        both = sorted([*named, *pointed])
        judged = list(zip(both, refused(self.text, [Span(each.start, each.end) for each in both]), strict=True))
        # Who points at what is on air beside other items wants it where those are refused, and refuses it where the words do.
        picks = any(no for _, no in judged)
        for each, no in judged:
            if each.ref == "deictic" and not (no or picks):
                continue
            for slot in each.slots:
                item = self.names.ids[slot]
                if item is not None and no:
                    unwanted.append(item)
                elif item is not None and (item not in wanted or _RANK.index(each.ref) < _RANK.index(wanted[item])):
                    wanted[item] = each.ref
        unwanted += self._refused_material(bool(wanted))
        aired = self.scene.on_air
        if aired is not None and not named and not unwanted:
            if not self.intents & ASKS and refuses_all(self.text):
                return Found([], [aired])
            if phrases.answers(self.text, self.scene.said):
                return Found([Mention(item_id=aired, weight=_SURE["deictic"], ref="deictic")], [], answers=True)
            if not self.unclear and about_what_is_on_air(self.text, self.intents, self.scene.said):
                wanted[aired] = "deictic"
        elif aired is not None and len(wanted) == 1 and aired not in wanted and pattern("compares").search(self.text):
            wanted[aired] = next(iter(wanted.values()))
        items = [
            Mention(item_id=item, weight=_SURE[ref] / (1 + 0.25 * (len(wanted) - 1)), ref=ref)
            for item, ref in wanted.items()
            if item not in unwanted
        ]
        items.sort(key=lambda mention: -mention.weight)
        return Found(items, list(dict.fromkeys(unwanted)))

    def _by_position(self) -> list[_Named]:
        ids, text = self.names.ids, self.text
        found = [_Named(each.start, each.end, [each.number - 1], "position") for each in positions.placed(text) if each.number <= len(ids)]
        bare = phrases.BARE_NUMBER.fullmatch(text)
        # "1" alone is an answer to the host, or noise; another number is a place on the shelf to who wants something.
        if (
            bare
            and not found
            and "want" in self.intents
            and 1 < int(bare[1]) <= len(ids)
            and not phrases.asks_for(self.scene.said, bare[1])
        ):
            found.append(_Named(0, len(text), [int(bare[1]) - 1], "position"))
        if not found or pattern("swap").search(text):
            numbers = [each for each in positions.bare(text, "ask_size" in self.intents) if each.number <= len(ids)]
            found += [_Named(each.start, each.end, [each.number - 1], "position") for each in numbers]
        return [each for each in found if ids[each.slots[0]] is not None]

    def _pointed(self, named: list[_Named]) -> list[_Named]:
        """Words that point at what is on air (这个, this one) and are no part of another item's name (这个杯子)."""
        if self.on_air is None:
            return []
        return [
            _Named(match.start(), match.end(), [self.on_air], "deictic")
            for match in pattern("this_one").finditer(self.text)
            if not any(each.start <= match.end() + 1 and match.start() < each.end for each in named)
            and not phrases.ITS_QUALITY.match(self.text, match.end())
        ]

    def _by_name(self, taken: list[_Named]) -> list[_Named]:
        if "greeting" in self.intents and self.idle:
            return []
        cues = [
            cue
            for cue in self.names.cues(self.normal)
            if not any(each.start < cue.end and cue.start < each.end for each in taken) and self._counts(cue)
        ]
        groups: list[Cue] = []
        for cue in cues:
            last = groups[-1] if groups else None
            if last is not None and last.items & cue.items and not pattern("and").search(self.text, last.end, cue.start):
                both, closer = last.items & cue.items, last.closer & cue.items or cue.closer & last.items
                manner = last.manner if last.manner != "kind" else cue.manner
                groups[-1] = Cue(last.start, cue.end, both, manner, max(last.weight, cue.weight), closer)
            else:
                groups.append(cue)
        found = []
        for group in groups:
            # Beside a position its words only say what lies there.
            if any(group.items >> slot & 1 for each in taken for slot in each.slots):
                continue
            chosen = self._choose(group)
            self.unclear |= not chosen and group.manner in ("kind", "brand")
            if chosen:
                found.append(_Named(group.start, group.end, chosen, "category" if group.manner == "kind" else "title"))
        return found

    def _described(self, named: list[_Named]) -> list[_Named]:
        """铁的那口, 粉的那个: an item by one of its qualities; that on air comes first, then those shown, newest first."""
        match = described().search(self.text)
        refuses = match is not None and refused(self.text, [Span(match.start(), match.end())])[0]
        if match is None or named or (self.idle and not refuses) or self.unclear:
            return []
        word, shown = match["han"] or match["word"], self._shown()
        if self.on_air is not None and self.names.knows(self.on_air, word):
            # Another colour of the same is a choice, the one of which the title says it is the item.
            named_so = refuses and word in self.names.titles[self.on_air]
            return [_Named(match.start(), match.end(), [self.on_air], "deictic")] if named_so else []
        fits = [slot for slot in shown if self.names.knows(slot, word)]
        if fits:
            return [_Named(match.start(), match.end(), fits[:1], "history")]
        others = [slot for slot in range(len(self.names.ids)) if self.names.knows(slot, word)]
        return [_Named(match.start(), match.end(), others, "title")] if len(others) == 1 else []

    def _counts(self, cue: Cue) -> bool:
        """Whether a cue points at items in this comment, or is only spoken of."""
        text, many = self.text, cue.items.bit_count()
        aired = self.on_air is not None and bool(cue.items >> self.on_air & 1)
        before, after = text[max(0, cue.start - 12) : cue.start], text[cue.end : cue.end + 8]
        if self.idle and pattern("elsewhere").search(text):
            return False
        if (self.idle or self.intents & ASKS) and self.on_air is not None and not aired and pattern("together_with").search(before):
            return False
        if cue.manner in ("kind", "brand") and (cue.weight > GUESSED or not self.idle):
            return not (self.idle and cue.end - cue.start == 1 and not aired) or self._refuses(cue)
        if aired or many > 2:
            return False
        if cue.manner == "amount":
            return "ask_size" not in self.intents and many == 1
        if pattern("capable_before").search(before) or pattern("capable_after").match(after):
            return False
        size = cue.end - cue.start
        if pattern("pointed_before").search(before) or pattern("pointed_after").match(after) or self._refuses(cue):
            return True
        # A word of letters is long before it says much.
        if phrases.LATIN.match(text, cue.start):
            return False
        return many == 1 and ((size >= (2 if phrases.HANGUL.match(text, cue.start) else 3) and not self.idle) or (2 * size >= len(text)))

    def _refuses(self, cue: Cue) -> bool:
        return refused(self.text, [Span(cue.start, cue.end)])[0]

    def _choose(self, group: Cue) -> list[int]:
        """Which of the items that a word fits are meant: what is on air, what the viewer meant before, what was shown; few, or none."""
        items = group.items
        if self.on_air is not None and items >> self.on_air & 1:
            return [self.on_air]
        if group.closer:
            items = group.closer
        if items.bit_count() == 1:
            return slots(items)
        known = [self.names.slots[item] for item in (*self.scene.last, *self.scene.shown) if item in self.names.slots]
        recent = next((slot for slot in known if items >> slot & 1), None)
        if recent is not None and (pattern("before").search(self.text) or pattern("again").search(self.text) or self.scene.last):
            return [recent]
        return slots(items) if items.bit_count() <= MOST_ITEMS and "want" in self.intents else []

    def _before(self, named: list[_Named]) -> _Named | None:
        """What was on air before, if the comment means that: 刚才那个虾, the last one."""
        match, shown = pattern("before").search(self.text), self._shown()
        if match is None or not shown or any(each.ref == "position" for each in named):
            return None
        said = {slot for each in named for slot in each.slots}
        if said:
            fits = [slot for slot in shown if slot in said] or sorted(said)
            return _Named(match.start(), max(each.end for each in named), fits[:1], "history")
        colour = pattern("color").search(self.text, match.end())
        fits = [
            slot for slot in shown if colour is not None and self.names.knows(slot, colour[0][:1] if not colour[0].isascii() else colour[0])
        ]
        return _Named(match.start(), match.end(), (fits or shown)[:1], "history")

    def _shown(self) -> list[int]:
        return [slot for item in self.scene.shown if (slot := self.names.slots.get(item)) is not None]

    def _refused_material(self, wants: bool) -> list[str]:
        """不要铁的 要刚才那口: what is on air, where one of its qualities is refused. A refused colour is another choice of the same."""
        match = phrases.NOT_OF.search(self.text)
        if match is None or self.on_air is None or self.scene.on_air is None or not wants or pattern("color").search(match[1]):
            return []
        return [self.scene.on_air] if self.names.knows(self.on_air, match[1]) else []
