/** What is wrong with the authored manifest or the build, in words for the person who ran the command. */
export class ManifestError extends Error {
  /**
   * @param {string} field where in the manifest, such as `frontend.entry`; a file's path for the file itself
   * @param {string} reason what is wrong and what to do
   */
  constructor(field, reason) {
    super(`${field}: ${reason}`);
    this.field = field;
  }
}
