import { figure } from "./numbers.mjs";

/**
 * One line of the result. `better` says which way is better; the ratio is written so that more than 1 is better.
 * @param {{what: string, unit: string, portico: number, peer?: {name: string, value: number}, better: "more" | "less",
 *   budget?: number}} measured
 */
export function row({ what, unit, portico, peer, better, budget }) {
  const ratio = peer && (better === "more" ? portico / peer.value : peer.value / portico);
  return {
    what,
    portico: `${figure(portico)} ${unit}`,
    peer: peer ? `${figure(peer.value)} ${unit}` : "",
    name: peer?.name ?? "",
    ratio: ratio ? `${figure(ratio)}x` : "",
    budget: budget === undefined ? "" : `${figure(budget)} ${unit}`,
    over: budget !== undefined && (better === "more" ? portico < budget : portico > budget),
  };
}

/** The rows as a Markdown table with even columns. */
export function table(rows) {
  const head = ["measured", "Portico", "peer", "which", "ratio (more is better)", "budget"];
  const body = rows.map((row) => [row.what, row.portico, row.peer, row.name, row.ratio, row.budget]);
  const widths = head.map((title, column) => Math.max(...[head, ...body].map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}
