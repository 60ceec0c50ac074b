import sodium from "libsodium-wrappers";

/** As GitHub wants the value of a secret: only GitHub, which has the private half of the key, can open it. In base64, as the key. */
export async function sealedBox(value: string, publicKey: string): Promise<string> {
  await sodium.ready;
  const key = sodium.from_base64(publicKey, sodium.base64_variants.ORIGINAL);
  return sodium.to_base64(sodium.crypto_box_seal(value, key), sodium.base64_variants.ORIGINAL);
}
