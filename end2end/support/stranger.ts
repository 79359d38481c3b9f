import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Somebody else's web site. By `localhost` it is cross-site to the portal; by `127.0.0.1` only its port differs, which
 * makes it same-site, as a sibling subdomain would be: the browser then sends cookies along.
 */
export interface Stranger {
  crossSite: string;
  sameSite: string;
  /** What the site answers at every path. */
  show(html: string): void;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function stranger(): Promise<Stranger> {
  let html = "";
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    crossSite: `http://localhost:${port}`,
    sameSite: `http://127.0.0.1:${port}`,
    show: (content) => {
      html = `<!doctype html><title>Elsewhere</title>${content}`;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
