"""dramatiq with dramatiq-sqs: `with_dramatiq.py ID …` sends, dramatiq's own command consumes."""

import os
import sys
from urllib.request import urlopen

import dramatiq
from dramatiq_sqs import SQSBroker

options = {}
if "DRAMATIQ_VISIBILITY" in os.environ:
    options["visibility_timeout"] = int(os.environ["DRAMATIQ_VISIBILITY"])
broker = SQSBroker(endpoint_url=os.environ["AWS_ENDPOINT_URL_SQS"], **options)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=os.environ["QUEUE"])
def work(name):
    urlopen(f"{os.environ['WORK_URL']}/jobs/{name}").read()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        work.send(each)
