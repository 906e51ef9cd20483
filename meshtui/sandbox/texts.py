"""Things the sandbox's models say."""

from __future__ import annotations

SHOWCASE = '''\
# Keeping a cache honest

A cache is a promise: *what I hand you is what you would have got anyway, only sooner*. Most of the trouble with
caches comes from the word **anyway**. This note walks through one small design, from the data structure to the
rollout, and says at each step what can go wrong.

## 1. What to store

Store the answer **and** the question. An entry without its key, its age and its cost cannot be audited later.

```python
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored answer and when it stops being true."""

    value: str
    expires: float


class Cache:
    def __init__(self, size: int, seconds: float) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size = size
        self._seconds = seconds

    def get(self, key: str) -> str | None:
        entry = self._entries.get(key)
        if entry is None or entry.expires < monotonic():
            self._entries.pop(key, None)
            return None
        self._entries.move_to_end(key)
        return entry.value

    def put(self, key: str, value: str) -> None:
        self._entries[key] = Entry(value, monotonic() + self._seconds)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
```

The `OrderedDict` is doing two jobs: it finds an entry in constant time, and it remembers which one was used last.

## 2. When to throw away

There are only three reasons to drop an entry, and they deserve different treatment:

1. **It is old.** Check on read; a sweeper thread is rarely worth its lock.
2. **There is no room.** Drop the least recently used one.
3. **It is wrong.** Something upstream changed:
   - the model was replaced,
   - the prompt template got a new version,
   - the *policy* changed, which nobody told the cache about:
     - so keep a version in the key,
     - and bump it on purpose.

> A stale answer that looks fresh is worse than no answer.
>
> > And a fresh answer that looks stale is only slow.

## 3. What it saves

| Workload           | Requests / min | Hit rate | p50 before | p50 after | Saved per day |
|:-------------------|---------------:|---------:|-----------:|----------:|--------------:|
| Support macros     |            420 |     71 % |     1.9 s  |   0.04 s  |        $38.20 |
| Code review bot    |             65 |      8 % |     6.4 s  |    6.1 s  |         $1.15 |
| Nightly summaries  |              3 |      0 % |    11.0 s  |   11.0 s  |         $0.00 |
| Search suggestions |          1,900 |     93 % |     0.6 s  |   0.01 s  |       $112.75 |

Two of the four rows carry nearly all of the benefit. ~~Cache everything~~ Cache what repeats.

## 4. Rolling it out

- [x] Measure the repeat rate *before* building anything
- [x] Put the template version into the key
- [ ] Shadow mode: compute both, compare, serve the old one
  - [ ] alert when they differ by more than 0.5 %
- [ ] Turn it on for one tenant

A dashboard query is enough to watch it:

```sql
SELECT date_trunc('hour', at) AS hour,
       count(*) FILTER (WHERE hit)::float / count(*) AS hit_rate,
       sum(saved_usd)                                AS saved
  FROM cache_events
 WHERE at > now() - interval '7 days'
 GROUP BY 1
 ORDER BY 1;
```

And on the shell, `redis-cli --stat` tells you whether the thing is alive:

    $ redis-cli --stat
    keys       mem      clients blocked requests
    10423      48.2M    12      0       182930 (+214)

---

### In short

Name what you store, give it an end, and **measure before and after**. The rest is plumbing; see
[the chapter on invalidation](https://example.com/cache) for the plumbing.
'''

HAIKUS = (
    "Tokens fall like rain,\none by one they fill the screen —\nthen the cursor rests.",
    "A prompt in the dark.\nSomewhere a fan starts to turn.\nMeaning, maybe. Heat.",
    "Seven slots stand bare;\nthe template waits for a name.\nYou type, and it speaks.",
    "The gateway says no.\nFour hundred and twenty-nine.\nI count to sixty.",
    "Old branch, untaken:\nthe answer I did not keep\nstill sleeps in the tree.",
    "Morning, first request.\nCold cache, warm tea, the long wait.\nThen steam, and a word.",
)

UNICODE = """\
# Writing systems

| Script | Word | Meaning |
|---|---|---|
| Latin | naïve façade, Łódź, ﬁn | accents and a ligature |
| Greek | Καλημέρα | good morning |
| Cyrillic | Доброе утро | good morning |
| Han | 你好，世界 | hello, world |
| Kana | おはようございます | good morning |
| Hangul | 안녕하세요 | hello |
| Devanagari | नमस्ते | hello |
| Thai | สวัสดี | hello |
| Arabic | مرحبا بالعالم | hello, world |
| Hebrew | שלום עולם | hello, world |

Emoji: 😀 👍🏽 👩‍👩‍👧‍👦 🇺🇳 🏳️‍🌈 ❤️ 1️⃣ — and combining marks: é (e + ́), ñ, a̐éö̲.

Wide and narrow: ｆｕｌｌ ｗｉｄｔｈ, ½ ⅓ ∑ ∫ √, box ┌─┐│└┘, braille ⠿, zero\u200bwidth, soft\u00adhyphen.

```text
幅の広い文字 | wide
narrow       | ok
```
"""

SNIPPETS = (
    """\
```python
from functools import lru_cache


@lru_cache(maxsize=1024)
def answer(prompt: str) -> str:
    \"\"\"Ask once, remember the rest of the day.\"\"\"
    return ask_model(prompt)
```

Short, and right as long as `ask_model` has no side effects. `answer.cache_info()` tells how often it helped.""",
    """\
```python
def memoized(function):
    known = {}

    def wrapper(*args):
        if args not in known:
            known[args] = function(*args)
        return known[args]

    return wrapper
```

Nothing is ever thrown away here, so use it for small, closed sets of arguments.""",
)

THOUGHTS = (
    "First, what is really being asked? The last message is the one that counts; the rest is context. ",
    "The obvious answer is probably right, but let me check it against the constraints that were given. ",
    "If I take the short route, something is left out: the reader may not know the terms. A sentence of background "
    "would help more than another example. ",
    "Let me try the opposite. Suppose the obvious answer is wrong: what would have to be true? Nothing in the "
    "prompt says so, so I keep it. ",
    "Checking the numbers once more. They add up. ",
    "A table would be too much here; two short paragraphs and a list will do. ",
    "One more thing: the tone. Plain words, no flourish. ",
    "Good. I have what I need; now to say it briefly. ",
)

# How different makers' models begin, go on and end; chosen by digest, so the same for the same request.
OPENINGS = {
    "openai": (
        "Here is the short version: this is the **sandbox**, answering in place of `{model}`.",
        "Quick note before anything else: no real `{model}` was called. This text comes from the **sandbox**.",
    ),
    "anthropic": (
        "I should be upfront: I'm not `{model}`. I'm the **sandbox** that stands in for it on your machine.",
        "Happy to answer, with one caveat: nothing left your machine, and `{model}` never saw this. "
        "You are talking to the **sandbox**.",
    ),
    "google": (
        "## Sandbox reply\n\nThis response was composed locally by the **sandbox** on behalf of `{model}`.",
        "## In brief\n\nThe **sandbox** replied here; `{model}` was not contacted.",
    ),
    "": (
        "The **sandbox** speaking, dressed up as `{model}`.",
        "Local reply from the **sandbox** (asked for: `{model}`).",
        "`{model}` is simulated here; the **sandbox** wrote this.",
    ),
}

REMARKS = (
    "A real model would now say something clever about it. What I can offer is a reply that is always the same for "
    "the same request, which is what you want while you test a client.",
    "I cannot reason about that, but I can show you how an answer of this shape streams, wraps and is counted.",
    "The words are canned, but the rest is real: tokens are counted, the price comes from the catalogue, and the "
    "limits of your key are applied.",
    "Everything around this text behaves like the gateway: request ids, usage, rate-limit headers, errors.",
)

SUGGESTIONS = (
    "`sandbox/markdown` — a long answer with code, a table and lists",
    "`sandbox/haiku` — three lines",
    "`sandbox/echo` — your request, as JSON",
    "`sandbox/tools` — calls the tools you define, then uses their results",
    "`sandbox/reasoning` — thinks aloud first",
    "`sandbox/slow` — eight tokens per second",
    "`sandbox/unicode` — many scripts, wide and combining characters",
    "`sandbox/fault-cut` — the connection breaks half-way",
    "`sandbox/fault-429-rpm` — a rate limit",
    "`sandbox/fault-error-midway` — an error after partial text",
)

CLOSINGS = (
    "Ask again with another model to see a different voice.",
    "Put this next to another model in a comparison: they differ in wording, speed and price.",
    "Change the prompt and the answer changes with it.",
)
