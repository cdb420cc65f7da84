/** The accepted content types, each with the format that the bytes must have. */
export const ACCEPTED_TYPES = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
} as const;

/** A format that Darkroom decodes. */
export type ImageFormat = (typeof ACCEPTED_TYPES)[keyof typeof ACCEPTED_TYPES];

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** A file may list any number of compatible brands. Writers list fewer than ten. */
const MAX_BRANDS = 32;

/**
 * Recognises the format of a file by its first bytes, whatever its name and its declared type say.
 *
 * @param head the file, or at least its first 150 bytes
 * @returns null for every format that is not accepted, HEIC among them
 */
export function detectFormat(head: Buffer): ImageFormat | null {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0xffd8ff) return 'jpeg';
  if (head.subarray(0, 8).equals(PNG_SIGNATURE)) return 'png';
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP') return 'webp';
  if (head.length >= 16 && head.toString('latin1', 4, 8) === 'ftyp') return isAvif(head) ? 'avif' : null;
  return null;
}

/**
 * HEIC is the same container with another codec, and the brands distinguish them (ISO/IEC 23000-22; AV1 Image File
 * Format, 6.2). A file of the general brand `mif1` is an AVIF if it says so among its compatible brands.
 */
function isAvif(head: Buffer): boolean {
  const major = head.toString('latin1', 8, 12);
  if (major === 'avif' || major === 'avis') return true;
  if (major !== 'mif1' && major !== 'msf1') return false;
  const end = Math.min(head.readUInt32BE(0), head.length, 16 + MAX_BRANDS * 4);
  for (let at = 16; at + 4 <= end; at += 4) {
    if (head.toString('latin1', at, at + 4) === 'avif') return true;
  }
  return false;
}
