// Numbers and times as people read them.

const plain = new Intl.NumberFormat("en");

/** 12345 as "12,345". */
export const count = (number) => plain.format(Math.round(number));

/** "3.4 MB". */
export function bytes(number) {
  if (number < 1000) return `${number} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let unit = -1;
  do {
    number /= 1000;
    ++unit;
  } while (number >= 999.5 && unit + 1 < units.length);
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${units[unit]}`;
}

/** "2 min 5 s". */
export function duration(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Where a byte stands in a text of so many: "12 %". */
export const percent = (part, all) => `${all > 0 ? Math.min(100, Math.floor((part / all) * 100)) : 0} %`;
