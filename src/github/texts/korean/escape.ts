export const escape = {
  somebody: "누군가",
};
