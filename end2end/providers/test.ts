import { expect, test as base } from "../support/test.ts";
import { PROVIDERS, type TestProvider } from "./provider.ts";

/** The tests' own, at the provider of the project they run in. */
export const test = base.extend<{ provider: TestProvider }>({
  provider: async ({}, use, { project }) => use(PROVIDERS[project.name]!),
});

export { expect };
