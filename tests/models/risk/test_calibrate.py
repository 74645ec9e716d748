"""Probabilities that mean what they say, from raw scores that do not."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from models.risk.calibrate import Floats, Form, fit, fit_form, log_loss


def labels(probability: Floats, seed: int) -> Floats:
    return (np.random.default_rng(seed).random(len(probability)) < probability).astype(float)


RAW = np.random.default_rng(1).normal(-2.5, 1.5, 20_000)


@pytest.mark.parametrize("form", get_args(Form))
def test_a_distorted_score_is_put_right(form: Form) -> None:
    true = expit(0.6 * RAW - 0.5)
    found = fit_form(form, RAW, labels(true, 2), np.ones(len(RAW)))
    common = (RAW > -5) & (RAW < 1)
    assert np.abs(logit(found.apply(RAW)) - logit(true))[common].max() < 0.45
    assert np.abs(found.apply(RAW) - true).mean() < 0.01


def test_the_form_that_fits_held_out_labels_is_taken() -> None:
    ones = np.ones(len(RAW))
    bent = np.where(RAW < -2, 0.02, 0.6)
    assert fit(RAW, labels(bent, 3), ones).form == "isotonic"
    few = slice(0, 300)
    assert fit(RAW[few], labels(expit(RAW[few]), 4), ones[few]).form == "logistic"


@settings(max_examples=60)
@given(st.sampled_from(get_args(Form)), st.integers(0, 999), st.integers(40, 600))
def test_no_map_loses_the_order_of_scores_or_leaves_zero_to_one(
    form: Form, seed: int, size: int
) -> None:
    chance = np.random.default_rng(seed)
    raw = np.round(chance.normal(-2, 2, size), 1)
    found = fit_form(form, raw, labels(expit(raw), seed + 1000), chance.uniform(0.5, 30, size))
    apart = np.unique(raw)
    assert (np.diff(found.apply(apart)) > 0).all()
    assert (np.diff(found.x) > 0).all()
    assert ((found.y > 0) & (found.y < 1)).all()


def test_weights_count_as_so_many_labels() -> None:
    raw, ones = RAW[:600], np.ones(600)
    label = labels(expit(raw), 5)
    weight = np.where(label > 0, 3.0, 1.0)
    heavy = fit_form("logistic", raw, label, weight)
    rows = np.repeat(np.arange(600), weight.astype(int))
    repeated = fit_form("logistic", raw[rows], label[rows], np.ones(len(rows)))
    assert heavy.apply(raw) == pytest.approx(repeated.apply(raw), abs=0.01)
    plain = fit_form("logistic", raw, label, ones)
    assert heavy.apply(raw).mean() > 1.5 * plain.apply(raw).mean()


def test_log_loss_of_a_coin_is_that_of_one_bit() -> None:
    half = np.full(10, 0.5)
    assert log_loss(half, labels(half, 1), np.ones(10)) == pytest.approx(np.log(2))
    assert np.isfinite(log_loss(np.zeros(2), np.ones(2), np.ones(2)))
