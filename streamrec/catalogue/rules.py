"""The operators' rules, as read from their topic."""

from __future__ import annotations

from collections.abc import Collection

from streamrec.events.types import Rule


class RuleTable:
    """All rules, in the order of their ids: of two that say different things of one place the first wins."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    def put(self, rule: Rule) -> None:
        """Add or replace a rule."""
        self._rules = dict(sorted({**self._rules, rule.rule_id: rule}.items()))

    def remove(self, rule_id: str) -> None:
        """Forget a rule."""
        self._rules.pop(rule_id, None)

    def of(self, actions: Collection[str]) -> list[Rule]:
        """The rules with one of these actions, expired ones among them."""
        return [rule for rule in self._rules.values() if rule.action in actions]
