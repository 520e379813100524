"""The official client without a server: it builds and serialises expressions, and whatever asks the service fails."""

from __future__ import annotations


def learn_functions() -> None:
    """Give the client the list of functions that its own wheel has for tests."""
    import ee
    from ee import apitestcase

    real = ee.data.getAlgorithms
    ee.data.getAlgorithms = apitestcase.GetAlgorithms
    try:
        ee.ApiFunction.reset()
        ee.ApiFunction.initialize()
        for kind in ee._DYNAMIC_CLASSES:
            kind.initialize()
        ee._InitializeGeneratedClasses()
        ee._InitializeUnboundMethods()
    finally:
        ee.data.getAlgorithms = real
