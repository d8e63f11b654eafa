/** What was computed lately, by name, and no more of it than `max`: the one that was asked for longest ago goes first. */
export class Recent<Value> {
  readonly #max: number;
  readonly #values = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(name: string): Value | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) this.keep(name, known);
    return known;
  }

  /** Gives the value back, for use in a return. */
  keep(name: string, value: Value): Value {
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size > this.#max) {
      const [oldest] = this.#values.keys();
      if (oldest !== undefined) this.#values.delete(oldest);
    }
    return value;
  }
}
