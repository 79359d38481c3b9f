import { rawMember } from "./raw.mjs";

/** Attributes a request has to carry; `orgid` and `userid` say whom the reply is for. */
const NEEDED = ["id", "source", "type", "orgid", "userid"];

/**
 * A request as the portal wrote it to Kafka: a CloudEvent in structured JSON form.
 *
 * @typedef {{ id: string, source: string, type: string, orgid: string, userid: string, traceparent?: string,
 *   data: string | undefined }} Request `data` is the JSON text as the person sent it, byte for byte
 * @param {Buffer | null} value
 * @returns {Request}
 * @throws {Error} when the record is no such event
 */
export function readRequest(value) {
  if (value === null) throw new Error("an empty record");
  const text = value.toString("utf8");
  const event = JSON.parse(text);
  if (event === null || typeof event !== "object") throw new Error("not an object");
  for (const attribute of NEEDED) {
    if (typeof event[attribute] !== "string" || event[attribute] === "") throw new Error(`no ${attribute}`);
  }
  const { id, source, type, orgid, userid, traceparent } = event;
  return { id, source, type, orgid, userid, traceparent, data: rawMember(text, "data") };
}
