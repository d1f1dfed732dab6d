"""taskiq with taskiq-aio-sqs: `with_taskiq.py ID …` sends, taskiq's own command consumes."""

import asyncio
import os
import sys
from urllib.request import urlopen

from taskiq_aio_sqs import SQSBroker

broker = SQSBroker(
    os.environ["QUEUE"],
    endpoint_url=os.environ["AWS_ENDPOINT_URL_SQS"],
    region_name="us-east-1",
    aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    enable_heartbeat="TASKIQ_HEARTBEAT" in os.environ,
)


@broker.task(task_name="work")
async def work(name: str) -> None:
    address = f"{os.environ['WORK_URL']}/jobs/{name}"
    await asyncio.to_thread(lambda: urlopen(address).read())


async def send(names: list[str]) -> None:
    await broker.startup()
    for each in names:
        await work.kiq(each)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1:]))
