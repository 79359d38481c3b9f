import { createHash } from "node:crypto";
import { signature } from "./signature.mjs";

/**
 * A reply as a record for whoever made the request: a CloudEvent in the binary mode (attributes as headers, the data
 * alone as the value), signed.
 *
 * @param {import("./request.mjs").Request} request
 * @param {{ service: string, sequence: number, type: string, data?: string, time: Date }} reply `sequence` numbers the
 *   replies to one request; `data` is JSON text and goes in as it is
 * @param {string} topic
 * @param {import("./signature.mjs").SigningKey} key
 * @returns {{ key: string, value: Buffer, headers: Record<string, string> }}
 */
export function replyRecord(request, { service, sequence, type, data = "", time }, topic, key) {
  const attributes = {
    specversion: "1.0",
    id: replyId(request, sequence),
    source: `/services/${service}`,
    type,
    time: time.toISOString(),
    datacontenttype: "application/json",
    orgid: request.orgid,
    userid: request.userid,
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
  };
  const value = Buffer.from(data);
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, text]) =>
    [name === "datacontenttype" ? "content-type" : `ce_${name}`, text]));
  headers["portico-signature"] = signature({ topic, key: request.userid, attributes, data: value }, key);
  return { key: request.userid, value, headers };
}

/**
 * The same for a request answered twice, so that readers drop the repeat; different for two people whose requests
 * happen to have one id, so that neither loses an answer.
 */
function replyId({ orgid, userid, source, id }, sequence) {
  const origin = [orgid, userid, source, id, sequence].join("\0");
  return createHash("sha256").update(origin).digest("base64url").slice(0, 24);
}
