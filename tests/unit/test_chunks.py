"""Places and passes cut into chunks: every look once, whatever is too heavy on the way."""

from __future__ import annotations

from collections import Counter

from csplus.csplus_plugin.earthengine.chunks import FIRST_SIZE, LARGEST, SMALLEST, Chunk, ChunkQueue
from hypothesis import given
from hypothesis import strategies as st

from ..support.examples import examples

SLOTS = 16


def looks(chunk: Chunk) -> list[tuple[int, int]]:
    return [(place, one) for place in chunk.places for one in chunk.passes]


@examples()
@given(
    sizes=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=5),
    heavy=st.integers(1, 3000),
    seconds=st.sampled_from([0.1, 10, 60]),
    together=st.integers(1, 9),
)
def test_every_look_arrives_once(
    sizes: list[tuple[int, int]], heavy: int, seconds: float, together: int
) -> None:
    begin, work = 0, []
    for places, passes in sizes:
        work.append(Chunk(range(begin, begin + places), range(passes), choices=begin))
        begin += places
    queue, seen = ChunkQueue(work, together), Counter()
    while (chunk := queue.pop(SLOTS)) is not None:
        assert chunk.choices == max(c.choices for c in work if c.size and c.choices <= chunk.places[0])
        if chunk.size > heavy and queue.split(chunk):
            continue
        seen.update(looks(chunk))
        queue.arrived(chunk, seconds)
    assert queue.unfinished == 0
    assert seen == Counter(one for chunk in work for one in looks(chunk))


def sizes_of(queue: ChunkQueue, count: int, seconds: float) -> list[int]:
    found = []
    for _ in range(count):
        chunk = queue.pop(SLOTS)
        found.append(chunk.size)
        queue.arrived(chunk, seconds)
    return found


def test_chunks_grow_while_answers_come_soon_and_shrink_where_they_are_slow() -> None:
    queue = ChunkQueue([Chunk(range(3000), range(1000))])
    grown = sizes_of(queue, 15, 1.0)
    assert grown[0] == FIRST_SIZE
    assert 0.7 * LARGEST < grown[-1] <= LARGEST
    assert sizes_of(queue, 8, 100.0)[-1] < LARGEST / 10


def test_chunks_have_whole_stacks_of_passes_while_they_grow() -> None:
    queue = ChunkQueue([Chunk(range(3000), range(1000))], together=8)
    grown = []
    for _ in range(15):
        chunk = queue.pop(SLOTS)
        grown.append(chunk.size)
        assert len(chunk.passes) % 8 == 0
        queue.arrived(chunk, 1.0)
    assert grown[0] >= 0.8 * FIRST_SIZE
    assert 0.7 * LARGEST < grown[-1] <= LARGEST


def test_after_a_chunk_that_was_too_heavy_they_stay_below_it() -> None:
    queue = ChunkQueue([Chunk(range(3000), range(1000))])
    sizes_of(queue, 10, 1.0)
    heavy = queue.pop(SLOTS)
    assert queue.split(heavy)
    assert 0.8 * heavy.size / 2 <= queue.pop(SLOTS).size <= heavy.size / 2
    assert max(sizes_of(queue, 30, 1.0)) <= 0.8 * heavy.size
    assert max(sizes_of(queue, 5, 1.0)) > heavy.size / 2


def test_little_work_is_shared_between_the_slots() -> None:
    queue = ChunkQueue([Chunk(range(10), range(73))])
    chunks = []
    while (chunk := queue.pop(SLOTS)) is not None:
        chunks.append(chunk.size)
    assert len(chunks) >= SLOTS
    assert max(chunks) <= SMALLEST


def test_one_look_cannot_be_split() -> None:
    queue = ChunkQueue([Chunk([1], [2])])
    assert not queue.split(queue.pop(SLOTS))
