"""Whether whoever meets one peer rule meets another too."""

from __future__ import annotations

from ..model import PeerRule, Rule, RuleGroup


def implies(old: PeerRule, new: PeerRule) -> bool:
    """True only if it is certain that no peer meets ``old`` and fails ``new``."""
    if new == "anyone" or old == new:
        return True
    if isinstance(new, RuleGroup) and new.kind == "all":
        return all(implies(old, rule) for rule in new.rules)
    if isinstance(old, RuleGroup) and old.kind == "any":
        return all(implies(rule, new) for rule in old.rules)
    if isinstance(old, RuleGroup) and any(implies(rule, new) for rule in old.rules):
        return True
    if isinstance(new, RuleGroup):
        return any(implies(old, rule) for rule in new.rules)
    return _fact_implies(old, new)


def _fact_implies(old: PeerRule, new: PeerRule) -> bool:
    """An entitlement of some value is an entitlement."""
    return (
        isinstance(old, Rule)
        and isinstance(new, Rule)
        and old.kind == new.kind == "entitlement"
        and old.value == new.value
        and new.extra is None
    )
