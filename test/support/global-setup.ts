/** Starts what the tests need, once per run. */
export default function setup(): void {}
