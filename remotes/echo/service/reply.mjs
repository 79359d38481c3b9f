import { createHash } from "node:crypto";

/**
 * A reply as a CloudEvent in structured JSON form, for whoever made the request.
 *
 * @param {import("./request.mjs").Request} request
 * @param {{ service: string, sequence: number, type: string, data?: string, time: Date }} reply `sequence` numbers the
 *   replies to one request; `data` is JSON text and goes in as it is
 * @returns {string}
 */
export function replyText(request, { service, sequence, type, data, time }) {
  const envelope = JSON.stringify({
    specversion: "1.0",
    id: replyId(request, sequence),
    source: `/services/${service}`,
    type,
    time: time.toISOString(),
    datacontenttype: "application/json",
    orgid: request.orgid,
    userid: request.userid,
    ...(request.traceparent === undefined ? {} : { traceparent: request.traceparent }),
  });
  return data === undefined ? envelope : `${envelope.slice(0, -1)},"data":${data}}`;
}

/**
 * The same for a request answered twice, so that readers drop the repeat; different for two people whose requests
 * happen to have one id, so that neither loses an answer.
 */
function replyId({ orgid, userid, source, id }, sequence) {
  const origin = [orgid, userid, source, id, sequence].join("\0");
  return createHash("sha256").update(origin).digest("base64url").slice(0, 24);
}
