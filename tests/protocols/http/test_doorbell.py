"""Whoever waits at a doorbell, in poll() or at rest, is woken, whenever it rings."""

from __future__ import annotations

import threading

from protocols.http.client.doorbell import Doorbell
from protocols.http.client.ending import Ending
from protocols.record import polling

LONG_S = 30.0


def test_a_ring_ends_the_rest_and_one_before_it_is_not_lost() -> None:
    bell, asked = Doorbell(), threading.Event()
    thread = threading.Thread(target=lambda: bell.rest(LONG_S, asked.is_set), name="rests")
    thread.start()
    asked.set()
    bell.set()
    thread.join(LONG_S)
    assert not thread.is_alive()
    bell.rest(LONG_S, lambda: True)  # what was asked before the rest is seen
    bell.rest(0.001, lambda: False)  # and nothing is waited for longer than told
    bell.close()


def test_many_rings_wake_the_waiter_each_time_wherever_it_is() -> None:
    bell, poll, rounds, seen = Doorbell(), polling.poll(), 400, []
    poll.register(bell.fileno(), polling.POLLIN)
    todo: list[int] = []
    done = threading.Semaphore(0)

    def waits() -> None:
        while len(seen) < rounds:
            if len(seen) % 2:
                bell.rest(LONG_S, lambda: bool(todo))
            elif poll.poll(LONG_S * 1000 if not todo else 0):
                bell.clear()
            while todo:
                seen.append(todo.pop())
                done.release()

    thread = threading.Thread(target=waits, name="waits")
    thread.start()
    for number in range(rounds):
        todo.append(number)
        bell.set()
        assert done.acquire(timeout=LONG_S)
    thread.join(LONG_S)
    assert seen == list(range(rounds))
    bell.close()


class Task(Ending):
    def end(self) -> bool:
        if self._claim():
            self._set()
            return True
        return False


def test_what_ends_once_lets_all_go_who_wait_and_those_who_come_later() -> None:
    task, let_go = Task(), []
    threads = [threading.Thread(target=lambda: let_go.append(task.wait(LONG_S)), name=f"waits-{n}") for n in range(3)]
    for thread in threads:
        thread.start()
    assert not task.over
    assert not task.wait(0.001)
    assert not task.wait(-1)
    assert [task.end(), task.end()] == [True, False]
    for thread in threads:
        thread.join(LONG_S)
    assert let_go == [True] * 3
    assert task.over
    assert task.wait()
    assert task.wait(0)
