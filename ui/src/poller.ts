// Asks again while there is something to wait for, politely: seldom when nobody looks, and less when it fails.
const UNSEEN_SECONDS = 60;
const LONGEST_SECONDS = 60;

export class Poller {
  readonly #ask: () => Promise<number | null>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #inSight = true;
  #pause: number | null = 0;
  #failures = 0;

  /** `ask` does one round and says after how many seconds the next one is due; null ends it. */
  constructor(ask: () => Promise<number | null>, watched: Element) {
    this.#ask = ask;
    document.addEventListener("visibilitychange", () => this.#look());
    // A view that was scrolled out of the chat is not looked at either.
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting === true;
      this.#look();
    }).observe(watched);
  }

  /** Ask now, and go on from there. */
  async now(): Promise<void> {
    if (this.#asking) return;
    clearTimeout(this.#timer);
    this.#asking = true;
    try {
      this.#pause = await this.#ask();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
      this.#pause = Math.min(LONGEST_SECONDS, 5 * 2 ** this.#failures);
    } finally {
      this.#asking = false;
      this.#schedule();
    }
  }

  stop(): void {
    this.#pause = null;
    clearTimeout(this.#timer);
  }

  get #seen(): boolean {
    return this.#inSight && !document.hidden;
  }

  #look(): void {
    if (this.#seen && this.#pause !== null) void this.now();
    else this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#pause === null || this.#asking) return;
    const seconds = this.#seen ? this.#pause : Math.max(UNSEEN_SECONDS, this.#pause);
    this.#timer = setTimeout(() => void this.now(), seconds * 1000);
  }
}
