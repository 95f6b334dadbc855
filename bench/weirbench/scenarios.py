"""The scenarios of bench/simulation, as a table.

All but the lone class start from 90 % of the capacity. What surges comes on top of it for a minute, in multiples of the
capacity (a hundredfold one for 30 s), from a client of its own for each of the class's clients and each multiple of its
usual traffic, or, in one group, from the class's 200 clients, who ask more often.
"""

from typing import NamedTuple

from . import measures as m, simulator
from .simulation_report import Goal
from .simulator import MIXES, Case

FACTORS = [1.2, 2, 5, 10, 30, 100]


class Group(NamedTuple):
    title: str
    about: str
    cases: dict              # name -> Case
    columns: list = m.STANDARD
    matrices: bool = False   # one table a measure, cases across, instead of one row a case and controller
    only: tuple = ()         # controllers that it makes sense for; none: all


def _learned(case):
    return case._replace(policy=(*case.policy, (r"requests: \d+,", "requests: { learn: true },")))


def _card(mix, preset, context, requests=256):
    """A smaller card, and a policy that says so."""
    return Case(mix=mix, preset=preset, policy=((r"requests: 1024, context_tokens: 400k",
                                                 f"requests: {requests}, context_tokens: {context}"),))


def _with_key(case, key):
    """The backend has this key as well."""
    return case._replace(policy=(*case.policy, (r"(\n    capacity: [^\n]*)", rf"\1\n    {key}")))


def _told(case, limits, gauges=False):
    """The policy has these multiples of the engine's limits; with gauges, as the engine's metrics show them once a second."""
    case = case._replace(arguments=(*case.arguments, "--told", limits))
    return _with_gauges(case) if gauges else case


def _with_gauges(case):
    return _with_key(case, "metrics: { gauges: true }")._replace(arguments=(*case.arguments, "--gauge-age", "1"))


def _surge(mix, factor):
    # A hundredfold surge shows its effect in 30 s, and a minute of it is millions of requests.
    return Case(mix=mix, surges=(("siri-bulk", factor),), surge_s=30 if factor >= 100 else 60)


# What a policy or an estimate may have wrong, and what engines do that no policy says.
WRONG = {
    "all exact": ("--estimate-error", "0", "--engine", "step_noise=0"),
    "stalls": ("--engine", "stall_every=20s"),
    "half the slots told": ("--told", "requests=0.5"),
    "twice the slots told": ("--told", "requests=2"),
    "half the cache told": ("--told", "context_tokens=0.5"),
    "twice the cache told": ("--told", "context_tokens=2"),
    "70 % of prompts cached": ("--prefix-hits", "0.7"),
}

# Half bulk, so that one client's surge competes with others of its class.
_HALF_BULK = (("direct", 0.4), ("siri-bulk", 0.5))


def groups(factors=FACTORS, mixes=None):
    mixes = list(mixes or MIXES)
    surges = [Group(f"Surges, {mix}", f"Mean {MIXES[mix].prompt:g} tokens in, {MIXES[mix].output:g} out.",
                    {f"{factor:g}x": _surge(mix, factor) for factor in factors}, matrices=True)
              for mix in mixes]
    engines = [Group("Several engines", "A tenfold surge, in multiples of what all of them can do.",
                     {f"{count} x {mix}": Case(mix=mix, endpoints=count)
                      for mix in mixes if mix in ("short", "long outputs") for count in (1, 2, 4)})]
    trouble = [Group("Something breaks", "Direct users at 40 %, bulk at 50 % of the capacity, no surge; for a minute one of two "
                     "engines is gone, or all are half as fast.",
                     {"one of two engines lost": Case(load=_HALF_BULK, surges=(), endpoints=2, arguments=("--lose", "2@60s+60s")),
                      "half the speed": Case(load=_HALF_BULK, surges=(), arguments=("--slow", "0.5@60s+60s"))})]
    fairness = [
        Group("The same clients ask more often", "The surges of the first tables, from the bulk class's 200 clients alone.",
              {f"{factor:g}x, {mix}": _surge(mix, factor)._replace(arguments=("--same-clients",))
               for mix in mixes for factor in (2, 10, 30) if factor in factors},
              [m.GOOD, m.KEPT, m.BULK_SERVED, m.PARTLY, m.WHOLE, m.WORK]),
        Group("One client of the bulk class makes a tenfold surge", "Bulk at 50 % of the capacity from 200 other clients.",
              {"whale": Case(load=_HALF_BULK, whale="siri-bulk")}, [m.GOOD, m.KEPT, m.WHOLE, m.BULK_SERVED, m.WORK]),
        Group("A neighbour of the same priority", "Direct 50 %, batch 20 %; siri-bulk, as important as batch, surges tenfold.",
              {"neighbour": Case(load=(("direct", 0.5), ("siri-bulk", 0.2), ("batch", 0.2)))},
              [m.GOOD, m.KEPT, m.BATCH_SERVED, m.BULK_SERVED, m.WORK]),
        Group("A bulk class alone", "No other class sends requests: idle capacity must be borrowable.",
              {mix: Case(mix=mix, load=(("siri-bulk", 0.9), ("direct", 0.0001))) for mix in mixes},
              [m.BULK_SERVED, m.PARTLY, m.WORK, m.WASTE]),
    ]
    cards = [Group(f"Smaller cards: {preset}", "256 slots and 2,048 tokens a step, as vLLM has them there by default. A tenfold surge.",
                   {mix: _card(mix, preset, context) for mix in mixes})
             for preset, context in (("a100-8b", "400k"), ("l40s-8b", "180k"))]
    wide = [Group("Wide prompts, in bursts", "A tenfold surge; lengths log-normal with sigma 0.85 (elsewhere 0.5), and the time between "
                  "two requests of a class Gamma with this coefficient of variation (elsewhere 1).",
                  {f"{mix}, {burstiness:g}": Case(mix=mix, sigma=0.85, burstiness=burstiness)
                   for mix in mixes for burstiness in (1, 2, 4)})]
    wrong = [Group("What is not as the policy says", "A tenfold surge. Everywhere steps vary by sigma 0.2 and estimates of prompts by 0.3.",
                   {f"{mix}, {name}": Case(mix=mix, arguments=arguments) for mix in mixes for name, arguments in WRONG.items()})]
    whole = [Group("A top class that does not stream", "A tenfold surge; this share of direct users' answers comes as a whole (elsewhere 0.3).",
                   {f"{mix}, {share:g}": Case(mix=mix, arguments=("--unstreamed", f"direct={share:g}"))
                    for mix in mixes for share in (0, 1)})]
    contradicted = [Group("Limits told too high", "A tenfold surge; the policy has these multiples of what the engine can, without "
                          "and with its gauges, read once a second.",
                          {f"{mix}, {preset}, {limits}{', gauges' if gauges else ''}": _told(_card(mix, preset, "400k") if preset != simulator.PRESET
                                                                                        else Case(mix=mix), limits, gauges)
                           for mix, preset, limits in (("long outputs", "a100-8b", "requests=1.5"), ("long outputs", "a100-8b", "requests=4"),
                                                       ("short", "a100-8b", "requests=4"), ("long outputs", simulator.PRESET, "context_tokens=2"),
                                                       ("long outputs", simulator.PRESET, "context_tokens=4"))
                           if mix in mixes for gauges in (False, True)}, only=("weir",))]
    unequal = [Group("Engines of different speed", "Three engines with speeds of 1, 1/2 and 1/4; direct users at 45 %, bulk at 10 % of what "
                     "three whole ones can do. A tenfold surge.",
                     {mix: Case(mix=mix, endpoints=3, load=(("direct", 0.45), ("siri-bulk", 0.1)), arguments=("--speeds", "1,0.5,0.25"))
                      for mix in mixes if mix in ("short", "long outputs")}, only=("weir",))]
    dial = [Group("The dial", "`headroom` from 0 to 1: p99 of direct users against all work. A tenfold surge.",
                  {f"{mix}, {share:g}": _with_key(Case(mix=mix), f"headroom: {share:g}") for mix in mixes for share in (0, 0.1, 0.3, 0.5, 0.7, 1)},
                  only=("weir",))]
    small = _card("short", "small-gpu", "32k", requests=16)
    tiny = [Group("A small engine", "Preset small-gpu: 16 slots.",
                  {f"{factor:g}x": small._replace(surges=(("siri-bulk", factor),), surge_s=30 if factor >= 100 else 60)
                   for factor in (10, 100) if factor in factors})]
    own = [
        Group("A guarantee of 5 %", "Direct users surge to twice the capacity; batch has `guarantee: 5%`.",
              {"guarantee": Case(load=(("direct", 0.8), ("batch", 0.1), ("siri-bulk", 0.0001)), surges=(("direct", 2.0),),
                                 policy=((r"(\n  - name: batch\n)", r"\1    guarantee: 5%\n"),))},
              [m.BATCH_PART, m.BATCH_SERVED, m.WORK], only=("weir",)),
        Group("The limit is learned", "The policy has `capacity: { requests: { learn: true } }`; a tenfold surge.",
              {mix: _learned(Case(mix=mix)) for mix in mixes}
              | {f"{mix}, a100-8b{', gauges' if gauges else ''}":
                 (_with_gauges if gauges else Case._replace)(_learned(_card(mix, "a100-8b", "400k")))
                 for mix in mixes if mix in ("short", "long outputs") for gauges in (False, True)}, only=("weir",)),
        Group("The engine takes priorities", "The policy has `priority: forward`; the engine's own queue then is by priority, for "
              "the baselines too. A tenfold surge.",
              {mix: _with_key(Case(mix=mix), "priority: forward") for mix in mixes}),
    ]
    return (surges + dial + engines + cards + tiny + wide + whole + wrong + contradicted + unequal + trouble + fairness +
            own)


# The purpose of each part of the law: the cases in which it is left out.
PARTS = ["over", "retry", "cohort", "calm", "headroom", "backoff", "pipe", "context", "growth", "prompt", "unseen",
         "queue_timeout", "bound", "guarantee"]


def ablation_groups():
    listed = {f"10x, {mix}": Case(mix=mix) for mix in MIXES}
    # A cache that fills before the slots do.
    listed["10x, long contexts, half the cache"] = Case(
        mix="long contexts", load=(("direct", 0.5), ("siri-bulk", 0.1)), arguments=("--engine", "kv_tokens=200000"),
        policy=((r"context_tokens: 400k", "context_tokens: 200k"),))
    # Direct users whose first tokens cannot be observed, engines with fewer slots than told, wide prompts in bursts.
    listed["10x, short, direct whole"] = Case(arguments=("--unstreamed", "direct=1"))
    listed["10x, long outputs, four times the slots told"] = _told(_card("long outputs", "a100-8b", "400k"), "requests=4")
    listed["10x, prompt-heavy, wide"] = Case(mix="prompt-heavy", sigma=0.85, burstiness=2)
    listed["whale"] = Case(load=_HALF_BULK, whale="siri-bulk")
    guarantee = next(group for group in groups() if "guarantee" in group.cases)
    return [Group("Without a part of the law", "", listed,
                  [m.GOOD, m.KEPT, m.FIRST_SECONDS, m.P99, m.RECOVERY, m.PARTLY, m.WHOLE, m.WORK], only=("weir",)),
            guarantee]


LARGE = ("10x", "30x", "100x")
GOALS = [
    Goal("direct users' good answers, of those without the surge, %", "Surges", m.KEPT, 99.9),
    Goal("the same in the first 10 s of the surge", "Surges", m.FIRST_SECONDS, 99),
    Goal("p99 first token, times the calm one", "Surges", m.SLOWDOWN, 1.1, at_most=True),
    Goal("the same where the engine takes priorities", "takes priorities", m.SLOWDOWN, 1.05, at_most=True),
    Goal("all good work, % of the best static limit's", "Surges", m.WORK, 95, relative_to="cap"),
    Goal("recovery, s", "Surges", m.RECOVERY, 5, at_most=True),
    Goal("clients of the shed class partly served, %, from 10x on", "Surges", m.PARTLY, 5, at_most=True, cases=LARGE),
    Goal("the same where 200 clients ask more often, %", "same clients", m.PARTLY, 5, at_most=True),
    Goal("a lone bulk class, % of the capacity", "alone", m.WORK, 97),
    Goal("a guarantee of 5 %: of all that is served, %", "guarantee", m.BATCH_PART, 5),
    Goal("a neighbour of the same priority: served, %", "neighbour", m.BATCH_SERVED, 99),
    Goal("bulk's other clients beside a whale: wholly served, %", "One client", m.WHOLE, 99),
    Goal("learned limit: direct users' good answers, %", "learned", m.KEPT, 99.9),
]
