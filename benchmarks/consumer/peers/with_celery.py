"""celery over SQS: `with_celery.py ID …` sends, celery's own command consumes."""

import os
import sys
from urllib.request import urlopen

from celery import Celery

options = {"region": "us-east-1"}
if "CELERY_VISIBILITY" in os.environ:
    options["visibility_timeout"] = int(os.environ["CELERY_VISIBILITY"])
app = Celery(
    "with_celery",
    broker=os.environ["AWS_ENDPOINT_URL_SQS"].replace(
        "http://", f"sqs://{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}@"
    ),
)
app.conf.update(
    task_acks_late=True,
    task_default_queue=os.environ["QUEUE"],
    worker_enable_remote_control=False,
    broker_transport_options={**options, "is_secure": False},
)


@app.task(name="work")
def work(name):
    urlopen(f"{os.environ['WORK_URL']}/jobs/{name}").read()


if __name__ == "__main__":
    for each in sys.argv[1:]:
        work.delay(each)
