"""Many requests at once, over two APIs: one job for each window, whoever asks for it and how often."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from flow_logs import Window
from web import call


def test_500_posts_at_once_for_50_windows_over_two_apis_make_50_jobs(fronted):
    fronted.start_api()
    _, other = fronted.start("digesterd-api")
    windows = [Window.fresh() for _ in range(50)]
    asked = [(url, window) for _ in range(5) for window in windows for url in (fronted.api_url, other)]

    barrier = threading.Barrier(len(asked))

    def post(request):
        url, window = request
        barrier.wait()
        return window.id(), call("POST", f"{url}/?{window.query}").status

    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(post, asked))
    assert len(answers) == 500
    assert Counter(status for _, status in answers) == {202: 50, 409: 450}
    assert {id_ for id_, status in answers if status == 202} == {window.id() for window in windows}
    assert Counter(message.job()["id"] for message in fronted.relay.messages) == {window.id(): 1 for window in windows}
