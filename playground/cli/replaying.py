"""Scenarios without a screen."""

from __future__ import annotations

from playground.cli.options import Json, Name, Seed, app


@app.command()
def replay(scenario: Name, as_json: Json = False, seed: Seed = None) -> int:
    """Run a scenario without a screen, as fast as it goes, and report."""
    from playground.scenario.loader import load
    from playground.scenario.shelf import find

    script = load(find(scenario))
    from playground.scenario.headless import run_and_report

    return run_and_report(script, seed=seed, as_json=as_json)


@app.command("list")
def list_scenarios() -> int:
    """Show the scenarios that are shipped."""
    from playground.scenario.headless import print_shelf

    return print_shelf()
