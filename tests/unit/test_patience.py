from __future__ import annotations

import pytest
from csplus.csplus_plugin.layers.patience import Answer, Patience


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    return Patience(clock)


def test_the_first_refusal_renews_the_second_is_told_then_silence(patience: Patience) -> None:
    answers = [patience.ask("a", is_young=True) for _ in range(5)]
    assert answers == [Answer.RENEW, Answer.TELL, Answer.IGNORE, Answer.IGNORE, Answer.IGNORE]


def test_it_tries_again_after_one_five_and_thirty_minutes(patience: Patience, clock: Clock) -> None:
    renewed = []
    for second in range(3 * 3600):
        clock.now = 1000.0 + second
        if patience.ask("a", is_young=True) is Answer.RENEW:
            renewed.append(second)
    assert renewed == [0, 60, 360, 2160, 3960, 5760, 7560, 9360]


def test_an_address_that_has_served_its_hours_begins_anew(patience: Patience) -> None:
    assert patience.ask("a", is_young=True) is Answer.RENEW
    assert patience.ask("a", is_young=False) is Answer.RENEW


def test_twelve_layers_that_fail_together_are_one_sentence(patience: Patience) -> None:
    layers = [f"layer {number}" for number in range(12)]
    assert {patience.ask(layer, is_young=True) for layer in layers} == {Answer.RENEW}
    second = [patience.ask(layer, is_young=True) for layer in layers]
    assert second == [Answer.TELL] + [Answer.IGNORE] * 11


def test_half_an_hour_later_it_may_be_said_again(patience: Patience, clock: Clock) -> None:
    assert [patience.may_tell(), patience.may_tell()] == [True, False]
    clock.now += 1801
    assert patience.may_tell()


def test_who_changes_the_settings_gets_an_answer_at_once(patience: Patience) -> None:
    patience.ask("a", is_young=True)
    patience.ask("a", is_young=True)
    patience.forget()
    assert patience.ask("a", is_young=True) is Answer.RENEW
    assert patience.may_tell()
