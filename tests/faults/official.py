"""What cities published of their elections, held against what readers see."""

from typing import Any

from tests.faults.scene import Scene
from tests.support.data import election


def votes(scene: Scene, city: str, round_id: str) -> dict[str, int]:
    """What a reader sees: votes by project of one round."""
    here = {"city": city, "round": round_id}
    rows = [row for row in scene.rows("votes_by_project") if row["_id"].items() >= here.items()]
    return {row["_id"]["project"]: row["votes"] for row in rows}


def assert_official(scene: Scene, reported: dict[str, Any]) -> None:
    """The read models give what the city published: votes by project and ballots of the round."""
    official = election(f"pabulib/{reported['file']}")
    told = {row["project_id"]: int(row["votes"]) for row in official.projects if int(row["votes"])}
    city, round_id = reported["city"], reported["round"]
    assert votes(scene, city, round_id) == told
    (ballots,) = [
        row["ballots"]
        for row in scene.rows("round_ballots")
        if row["_id"] == {"city": city, "round": round_id}
    ]
    assert ballots == int(official.meta["num_votes"]) == len(official.votes)
    (round_,) = [row for row in scene.rows("ballot_rounds") if row["_id"] == f"{city}/{round_id}"]
    assert {one["project_id"] for one in round_["projects"]} == {
        one["project_id"] for one in official.projects
    }
    assert (round_["vote_type"], round_["rule"]) == (official.meta["vote_type"], official.meta["rule"])
