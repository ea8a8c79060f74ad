/** What Kuma takes for a path of a file. Source: github.com/asaskevich/govalidator: IsFilePath. */

const UNIX_PATH = /^\/[^\0]*$/;
const WINDOWS_PATH = /^[a-zA-Z]:\\(?:[^\\/:*?"<>|\r\n]+\\)*[^\\/:*?"<>|\r\n]*$/;
const DRIVE_LENGTH = 3;
const WINDOWS_PATH_MAX_BYTES = 32_767;

/** Absolute, on Unix or Windows. */
export function isFilePath(text: string): boolean {
  if (!WINDOWS_PATH.test(text)) return UNIX_PATH.test(text);
  return Buffer.byteLength(text) - DRIVE_LENGTH <= WINDOWS_PATH_MAX_BYTES;
}
