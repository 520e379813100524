"""Reducers that fit and correlate (guides/reducers_regression)."""

from __future__ import annotations

from ..errors import Refused
from ..graph.registry import function
from ..reducers import correlations, regressions
from ..reducers.reducer import MAX_INPUTS, Reducer


def _register(name: str, reducer: Reducer) -> None:
    @function(f"Reducer.{name}")
    def made() -> Reducer:
        return reducer


for _name, _reducer in {
    "linearFit": regressions.LINEAR_FIT,
    "sensSlope": regressions.SENS_SLOPE,
    "pearsonsCorrelation": correlations.PEARSON,
    "spearmansCorrelation": correlations.SPEARMAN,
    "covariance": correlations.COVARIANCE,
    "centeredCovariance": correlations.CENTERED_COVARIANCE,
}.items():
    _register(_name, _reducer)


@function("Reducer.kendallsCorrelation")
def kendalls_correlation(num_inputs: int) -> Reducer:
    """Rank correlation of two inputs, or of one with its order."""
    if num_inputs not in correlations.KENDALL:
        raise Refused("Reducer.kendallsCorrelation: numInputs must be 1 or 2.")
    return correlations.KENDALL[num_inputs]


def _regression(name: str, num_x: int, num_y: int, fit: regressions.Fit) -> Reducer:
    if num_x < 1 or num_y < 1 or num_x + num_y > MAX_INPUTS:
        raise Refused(f"Reducer.{name}: numX and numY must be at least 1, and {MAX_INPUTS} together at most.")
    return regressions.regression(num_x, num_y, fit)


@function("Reducer.linearRegression")
def linear_regression(num_x: int, num_y: int) -> Reducer:
    """Linear least squares; a constant is an input like any other."""
    return _regression("linearRegression", num_x, num_y, regressions.ordinary)


@function("Reducer.robustLinearRegression")
def robust_linear_regression(num_x: int, num_y: int, beta: float | None) -> Reducer:
    """Linear least squares without outliers."""
    if beta is not None and beta < 0:
        raise Refused("Reducer.robustLinearRegression: beta must not be negative.")
    return _regression("robustLinearRegression", num_x, num_y, regressions.robust(beta))
