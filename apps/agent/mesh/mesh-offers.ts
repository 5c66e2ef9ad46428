/**
 * Decides when an agent without a mesh asks the control plane for its offer: when contact returns, since a restarted
 * control plane may have other settings.
 */
export class MeshOffers {
  private isMissed = false;

  /** `isWanting`: whether another offer would help. */
  constructor(private readonly isWanting: () => boolean) {}

  /** The control plane did not answer. */
  unanswered(): void {
    this.isMissed = true;
  }

  /** The control plane answered; returns whether to ask for its offer now. */
  heard(): boolean {
    const asks = this.isMissed && this.isWanting();
    this.isMissed = false;
    return asks;
  }
}
