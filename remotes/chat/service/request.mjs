/** Attributes a request has to carry; `orgid` and `userid` say whom the reply is for. */
const NEEDED = ["id", "source", "type", "orgid", "userid"];

/**
 * A request as the portal wrote it to Kafka: a CloudEvent in the binary mode, with attributes as headers and the data alone
 * as the value.
 *
 * @typedef {{ id: string, source: string, type: string, orgid: string, userid: string, traceparent?: string,
 *   data: string | undefined }} Request `data` is the JSON text as the person sent it, byte for byte
 * @param {{ headers?: Record<string, unknown>, value: Buffer | null }} record
 * @returns {Request}
 * @throws {Error} when the record is no such event
 */
export function readRequest({ headers = {}, value }) {
  const attribute = (name) => {
    const text = headers[`ce_${name}`];
    return Buffer.isBuffer(text) || typeof text === "string" ? text.toString() : undefined;
  };
  for (const name of NEEDED) {
    if (!attribute(name)) throw new Error(`no ${name}`);
  }
  const [id, source, type, orgid, userid] = NEEDED.map(attribute);
  const data = value?.length > 0 ? value.toString("utf8") : undefined;
  return { id, source, type, orgid, userid, traceparent: attribute("traceparent"), data };
}
