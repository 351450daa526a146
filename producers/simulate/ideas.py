"""Ideas: proposed, supported by few or many, answered by the city or left without an answer."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final, Literal

from events.envelope import Event
from events.types.ideas import (
    IdeaAnswered,
    IdeaSubmitted,
    IdeaSupported,
    IdeaSupportWithdrawn,
    IdeaWithdrawn,
    SupportChannel,
)
from producers.simulate.agenda import Life
from producers.simulate.clock import moment_between
from producers.simulate.people import Person
from producers.simulate.problems import Problem
from producers.simulate.town import Town

PER_DAY: Final = 0.33
LOVED: Final = 0.1
"""How many of the ideas spread through the whole city."""
ENOUGH: Final = 100
"""So many supporters at once ask the city for an answer."""
OWED_WITHIN: Final = timedelta(days=30)
Decision = Literal["evaluating", "accepted", "rejected"]
_SUBJECTS: Final = (
    ("Benches along the {where} path", "public-space", "Older people cannot walk it without a rest."),
    ("Slow street past the {where} school", "streets", "Cars leave the ring road too fast."),
    ("Tool library in {where}", "community", "Nobody needs a drill on more than two days a year."),
    ("Trees on the {where} square", "environment", "In July nobody can stand there."),
    ("Evening bus to {where}", "transport", "Late shifts end after the last bus."),
    ("Mural on the {where} pump house", "culture", "The young people of the street would paint it."),
    ("Ramp at the {where} library", "access", "Prams and wheelchairs wait outside."),
)
_COSTS: Final = ("1200", "4500.50", "18000", "250000", None, None)


@dataclass
class Support:
    """Whether a participant stands behind an idea, and since when."""

    stands: bool
    since: datetime
    channel: SupportChannel


@dataclass
class Idea:
    """What is so of one idea."""

    city: str
    id: str
    data: IdeaSubmitted
    author: str
    submitted_at: datetime
    submitted_on: str
    last_told: datetime
    history: list[tuple[str, str | None, Event]] = field(default_factory=list)
    """What changed, the words, and the event."""
    answer: IdeaAnswered | None = None
    decided_at: datetime | None = None
    """When it was first known in public that the city does it or does not."""
    withdrawn_at: datetime | None = None
    published: Decision | None = None
    """What the answer that became public last decides."""
    published_at: datetime | None = None
    asked_at: datetime | None = None
    """When the city was asked for an answer, because so many stood behind it."""
    overdue_at: datetime | None = None
    supports: dict[str, Support] = field(default_factory=dict)

    @property
    def authors(self) -> tuple[str, ...]:
        return (self.author, *self.data.co_author_refs)

    @property
    def supporters(self) -> list[str]:
        """Everybody who stands behind it now and is not its author."""
        return [one for one, support in self.supports.items() if support.stands and one not in self.authors]

    @property
    def accepted(self) -> bool:
        return self.withdrawn_at is None and self.answer is not None and self.answer.decision == "accepted"


def begin(town: Town, day: date) -> None:
    """Whoever has an idea today."""
    dice = town.dice("ideas", day)
    for number in range(town.often(PER_DAY * (0.5 + town.clock.season(day) / 2), dice)):
        town.begin(_life(town, f"idea-{day:%y%m%d}-{number:02d}"), town.clock.waking(day, dice))


def _life(town: Town, id_: str) -> Life:
    dice = town.dice(id_)
    author = town.people.someone(dice, town.today)
    if author is None:
        return
    idea = _submitted(town, id_, author, dice)
    town.begin(_answers(town, idea, dice))
    town.begin(_supporters(town, idea, town.dice(id_, "supporters")))
    if dice.random() < 0.06:
        yield town.now + timedelta(days=dice.randint(2, 60)) + moment_between(dice, timedelta(hours=9))
        _withdrawn(town, idea)


def _submitted(town: Town, id_: str, author: Person, dice: Random) -> Idea:
    title, category, summary = dice.choice(_SUBJECTS)
    where = dice.choice(town.place.neighbourhoods).id
    friend = town.people.someone(dice, town.today) if dice.random() < 0.2 else None
    data = IdeaSubmitted(
        title=title.format(where=where.replace("-", " ")),
        summary=summary,
        category=category,
        problem_id=_problem(town, dice),
        neighbourhood_id=where if dice.random() < 0.8 else None,
        est_cost=dice.choice(_COSTS),
        co_author_refs=(friend.ref,) if friend and friend is not author else (),
    )
    event = town.tell(id_, data, author.ref, lang="en")
    idea = Idea(town.id, id_, data, author.ref, event.at, event.day, event.at, [("submitted", None, event)])
    town.truth.kept(Idea)[event.key] = idea
    town.must_hear(idea.authors, "idea_received", id_, event.at)
    return idea


def _problem(town: Town, dice: Random) -> str | None:
    """Some ideas answer a problem that was worded before."""
    known = [one.id for one in town.truth.kept(Problem).values() if one.city == town.id]
    return dice.choice(known) if known and dice.random() < 0.15 else None


def _answers(town: Town, idea: Idea, dice: Random) -> Life:
    """Seven of ten ideas are answered, often at first by saying that it is looked into."""
    if dice.random() < 0.3:
        return
    if dice.random() < 0.5:
        yield town.clock.working(town.now, dice.randint(3, 15), dice)
        _answered(town, idea, "evaluating", None)
    yield town.clock.working(town.now, dice.randint(8, 70), dice)
    liked = sum(one.stands for one in idea.supports.values())
    if dice.random() < 0.35 + min(0.4, liked / 100):
        _answered(town, idea, "accepted", dice.choice(["We begin in spring.", None]))
    else:
        _answered(town, idea, "rejected", "The ground there is not the city's.")


def _answered(town: Town, idea: Idea, decision: Decision, explanation: str | None) -> None:
    if idea.withdrawn_at is not None:
        return
    public = town.now + timedelta(days=1) if decision == "accepted" else None
    data = IdeaAnswered(decision=decision, explanation=explanation, answered_at=town.now, public_from=public)
    event = town.tell(idea.id, data)
    idea.answer, idea.last_told = data, event.at
    if decision != "evaluating" and idea.decided_at is None:
        idea.decided_at = public or town.now
    idea.history.append((decision, explanation, event))
    if public is None:
        _published(town, idea, data)
    else:
        town.once(public, _published, town, idea, data)


def _published(town: Town, idea: Idea, answer: IdeaAnswered) -> None:
    """Whoever has a part in the idea hears of the answer, if it is the last one and says something new."""
    if idea.answer is not answer or idea.withdrawn_at is not None or idea.published == answer.decision:
        return
    idea.published, idea.published_at = answer.decision, town.now
    idea.last_told = max(idea.last_told, town.now)
    said: dict[str, Any] = {"decision": answer.decision, "answered_at": answer.answered_at}
    town.follows("idea.answer_published", idea.id, town.now, **said)
    mine = "idea_looked_into" if answer.decision == "evaluating" else "idea_answered"
    town.must_hear(idea.authors, mine, idea.id, town.now, decision=answer.decision)
    town.must_hear(idea.supporters, "supported_idea_answered", idea.id, town.now, decision=answer.decision)


def _withdrawn(town: Town, idea: Idea) -> None:
    event = town.tell(idea.id, IdeaWithdrawn(reason="Somebody does it already."), idea.author)
    idea.withdrawn_at = idea.last_told = event.at
    idea.history.append(("withdrawn", "Somebody does it already.", event))
    town.must_hear(idea.authors, "idea_withdrawn", idea.id, event.at)
    town.must_hear(idea.supporters, "supported_idea_withdrawn", idea.id, event.at)


def _supporters(town: Town, idea: Idea, dice: Random) -> Life:
    """They come in the first weeks, most at the beginning; how many depends on the idea."""
    liked = min(90, int(dice.lognormvariate(2.1, 0.9) * town.place.activity))
    if dice.random() < LOVED:
        liked = dice.randint(160, 260)
    for moment in sorted(_moments(town, liked, dice)):
        yield moment
        if idea.withdrawn_at is not None:
            return
        if (person := town.people.someone(dice, town.today)) is not None:
            _supported(town, idea, person, dice)
            if dice.random() < 0.03:
                later = town.now + timedelta(days=1) + moment_between(dice, timedelta(days=9))
                town.once(later, _support_withdrawn, town, idea, person)


def _moments(town: Town, number: int, dice: Random) -> list[datetime]:
    days = [1 + int(dice.expovariate(1 / 12)) for _ in range(number)]
    return [town.clock.waking(town.today + timedelta(days=min(60, day)), dice) for day in days]


def _supported(town: Town, idea: Idea, person: Person, dice: Random) -> None:
    """Some support again what they support already: that is nothing new."""
    channels: tuple[SupportChannel, ...] = ("online", "paper", "in_person")
    (channel,) = dice.choices(channels, (8, 1, 1))
    event = town.tell(idea.id, IdeaSupported(channel=channel), person.ref, lang=person.lang)
    before = idea.supports.get(person.ref)
    if before is None or not before.stands:
        idea.supports[person.ref] = Support(stands=True, since=event.at, channel=channel)
        _may_ask(town, idea)


def _may_ask(town: Town, idea: Idea) -> None:
    """With so many behind it the city owes an answer, once, if it has not given one."""
    standing = sum(one.stands for one in idea.supports.values())
    if standing < ENOUGH or idea.asked_at is not None or idea.decided_at is not None:
        return
    idea.asked_at, due = town.now, town.now + OWED_WITHIN
    idea.last_told = max(idea.last_told, town.now)
    town.follows("idea.answer_asked", idea.id, town.now, supporters=ENOUGH, due_at=due)
    told = {"supporters": str(ENOUGH), "due_at": due.isoformat()}
    town.must_hear(idea.authors, "idea_answer_asked", idea.id, town.now, **told)
    town.once(due, _may_be_overdue, town, idea)


def _may_be_overdue(town: Town, idea: Idea) -> None:
    if idea.decided_at is None and idea.withdrawn_at is None:
        idea.overdue_at = idea.last_told = town.now
        town.follows("idea.answer_overdue", idea.id, town.now, asked_at=idea.asked_at)


def _support_withdrawn(town: Town, idea: Idea, person: Person) -> None:
    event = town.tell(idea.id, IdeaSupportWithdrawn(), person.ref)
    if (support := idea.supports[person.ref]).stands:
        support.stands, support.since = False, event.at
