import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';

/** More tab stops than any page has within a walk. */
const MOST_STOPS = 120;

/** Where the focus is: `button Add rule`. */
interface Stop {
  readonly role: string;
  readonly name: string;
  /** The focus ring, or another outline that shows it. */
  readonly isShown: boolean;
}

const FOCUSED = `(() => {
  const element = document.activeElement;
  if (element === null || element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  // A radio button is hidden behind its label, which is outlined in its place.
  const shown = element.matches('.hidden') ? getComputedStyle(element.closest('label')) : { outlineStyle, outlineWidth };
  const box = (element.matches('.hidden') ? element.closest('label') : element).getBoundingClientRect();
  return {
    role: element.getAttribute('role') ?? element.tagName.toLowerCase(),
    name: element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent,
    isShown: shown.outlineStyle !== 'none' && parseFloat(shown.outlineWidth) > 0 && box.width > 0 && box.height > 0,
  };
})()`;

/** Where the focus is, and its place among the stops of the walk; -1: it is a new one, and is added. */
const NEXT_STOP = `(() => {
  const place = window.stops.indexOf(document.activeElement);
  if (place < 0) window.stops.push(document.activeElement);
  return { stop: ${FOCUSED}, place };
})()`;

/** A page as a person without a pointer uses it: checks where Tab goes, and does everything by keys. */
export class Keyboard {
  constructor(private readonly page: Page) {}

  /** Presses Tab until the target has the focus; each stop on the way must show its focus. */
  async to(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    await target.waitFor();
    for (let stops = 0; stops < MOST_STOPS; stops += 1) {
      if ((await target.and(this.page.locator(':focus')).count()) > 0) return;
      await this.page.keyboard.press(key);
      const stop = await this.at();
      if (stop !== null) expect(stop.isShown, `the focus is seen at ${stop.role} ${stop.name}`).to.equal(true);
    }
    throw new Error(`not reached by ${key}: ${String(target)}; at last ${JSON.stringify(await this.at())}`);
  }

  async press(target: Locator, key: 'Enter' | 'Space' = 'Enter'): Promise<void> {
    await this.to(target);
    await this.page.keyboard.press(key);
  }

  async type(target: Locator, text: string): Promise<void> {
    await this.to(target);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  /**
   * Every tab stop of the page, from the first until Tab leaves the page or starts again; fails if Tab cycles within a
   * part of it.
   */
  async walk(): Promise<readonly string[]> {
    await this.page.evaluate(`document.activeElement?.blur();
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
      window.stops = [];`);
    const stops: string[] = [];
    while (stops.length < MOST_STOPS) {
      await this.page.keyboard.press('Tab');
      const { stop, place }: { stop: Stop | null; place: number } = await this.page.evaluate(NEXT_STOP);
      if (stop === null || place === 0) return stops;
      expect(place, `Tab comes back to ${stop.role} ${stop.name} after ${stops.at(-1)}`).to.equal(-1);
      expect(stop.isShown, `the focus is seen at ${stop.role} ${stop.name}`).to.equal(true);
      stops.push(`${stop.role} ${stop.name}`);
    }
    throw new Error(`more than ${MOST_STOPS} stops, the last: ${stops.slice(-3).join(', ')}`);
  }

  private at(): Promise<Stop | null> {
    return this.page.evaluate(FOCUSED);
  }
}
