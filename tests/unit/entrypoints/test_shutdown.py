"""How long an end in order may take."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.settings import load
from entrypoints.shutdown import ORCHESTRATOR, ShutdownBudget

SECOND = timedelta(seconds=1)


class TestAShutdownBudget:
    def test_of_the_default_settings_fits_into_what_an_orchestrator_grants(self) -> None:
        settings = load()
        budget = ShutdownBudget(settings.long_poll, settings.shutdown_grace * SECOND)
        assert budget.total == 29 * SECOND
        assert budget.fits

    def test_of_a_longer_grace_does_not(self) -> None:
        assert not ShutdownBudget(10 * SECOND, ORCHESTRATOR).fits

    def test_has_no_room_for_a_poll_that_outlasts_the_drain(self) -> None:
        with pytest.raises(ValueError, match="outlasts"):
            ShutdownBudget(10 * SECOND, 5 * SECOND)

    @pytest.mark.parametrize("grace", [1, 3.5, 10, 25, 3600])
    @pytest.mark.parametrize("visibility", [5, 120, 43_200])
    def test_of_any_settings_has_room_for_the_poll(self, grace: float, visibility: float) -> None:
        settings = load(shutdown_grace=grace, visibility_timeout=visibility)
        assert ShutdownBudget(settings.long_poll, grace * SECOND).total <= (grace + 4) * SECOND
