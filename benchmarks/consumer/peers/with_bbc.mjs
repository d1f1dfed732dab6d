// bbc/sqs-consumer: `with_bbc.mjs send ID …` sends, `with_bbc.mjs consume` consumes.
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.PEER_HOME, "package.json"));
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
const { Consumer } = require("sqs-consumer");

const { AWS_ENDPOINT_URL_SQS: endpoint, QUEUE_URL: queueUrl, WORK_URL: work } = process.env;
const sqs = new SQSClient({ endpoint, region: "us-east-1" });

if (process.argv[2] === "send") {
  for (const name of process.argv.slice(3)) {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: name }));
  }
} else {
  const heartbeat = process.env.BBC_HEARTBEAT
    ? { heartbeatInterval: 2, visibilityTimeout: Number(process.env.VISIBILITY) }
    : {};
  const app = Consumer.create({
    queueUrl,
    sqs,
    batchSize: 10,
    ...heartbeat,
    handleMessage: async (message) => {
      await (await fetch(`${work}/jobs/${encodeURIComponent(message.Body)}`)).text();
      return message;
    },
  });
  app.on("error", (error) => console.error(String(error)));
  app.on("processing_error", (error) => console.error(String(error)));
  process.on("SIGTERM", () => app.stop());
  app.start();
}
