"""sqs-workers: `with_sqs_workers.py send ID …` sends, `with_sqs_workers.py consume` consumes."""

import os
import sys
from urllib.request import urlopen

from sqs_workers import SQSEnv

env = SQSEnv()
queue = env.queue(os.environ["QUEUE"])


@queue.processor("work")
def work(name):
    urlopen(f"{os.environ['WORK_URL']}/jobs/{name}").read()


if __name__ == "__main__":
    if sys.argv[1] == "send":
        for each in sys.argv[2:]:
            work.delay(name=each)
    else:
        env.process_queues([os.environ["QUEUE"]])
