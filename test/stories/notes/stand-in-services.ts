/** Loaded before the action in a story's jobs: requests to a service of the outside go to the story's own. */
const { fetch } = globalThis;
const standIn = process.env["STAND_IN_SERVICES"];

globalThis.fetch = (input, init) => {
  const url = new URL(input instanceof Request ? input.url : input);
  return url.hostname === "api.stripe.com" && standIn !== undefined
    ? fetch(new URL(url.pathname, standIn), init)
    : fetch(input, init);
};
