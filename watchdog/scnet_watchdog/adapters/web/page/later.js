// Does something once, a little later, however often it is asked for meanwhile.

/** A function that calls `act` after `wait` milliseconds, unless that is on its way already. */
export function later(act, wait) {
  let due = null;
  return (other = wait) => {
    due ??= setTimeout(() => {
      due = null;
      act();
    }, other);
  };
}
