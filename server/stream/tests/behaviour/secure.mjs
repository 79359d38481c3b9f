// What an administrator of a cluster does for a portal: creates its topics and lets it reach them. There is no client for
// ACLs in Rust; the example services bring one.
//
//   node secure.mjs PORT AUTHORITY_FILE OWN_TOPIC,... FOREIGN_TOPIC PARTITIONS
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../../remotes/echo/package.json", import.meta.url));
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, Kafka, ResourcePatternTypes, logLevel } = require("kafkajs");

const [port, authority, own, foreign, partitions] = process.argv.slice(2);
const kafka = new Kafka({
  brokers: [`127.0.0.1:${port}`],
  ssl: { ca: readFileSync(authority) },
  sasl: { mechanism: "scram-sha-512", username: "admin", password: "admin-secret" },
  logLevel: logLevel.NOTHING,
  retry: { retries: 20, initialRetryTime: 200, maxRetryTime: 1_000 },
});
const admin = kafka.admin();
await admin.connect();
const topics = own.split(",");
await admin.createTopics({ topics: [...topics, foreign].map((topic) => ({ topic, numPartitions: Number(partitions) })) });
const allowed = [AclOperationTypes.READ, AclOperationTypes.WRITE, AclOperationTypes.DESCRIBE];
await admin.createAcls({
  acl: topics.flatMap((resourceName) => allowed.map((operation) => ({
    resourceType: AclResourceTypes.TOPIC,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:portico",
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  }))),
});
await admin.disconnect();
