/** A normal answer to a request that can't be granted. `message` is shown to people, `code` is for programs. */
export class Refusal extends Error {
  name = "Refusal";

  constructor(code, message) {
    super(message);
    this.code = code;
  }
}
