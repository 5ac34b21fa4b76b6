"""How hard the properties of this folder look for a counterexample."""

from hypothesis import HealthCheck, settings

QUICK = settings(
    max_examples=50,
    # A busy machine is no reason to fail.
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
