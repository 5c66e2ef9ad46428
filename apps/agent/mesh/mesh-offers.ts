/**
 * When an agent that is in no mesh asks the control plane for what it offers: once contact is back, since a control
 * plane that was started again may have other settings.
 */
export class MeshOffers {
  private isMissed = false;

  /** `isWanting`: whether another offer would help. */
  constructor(private readonly isWanting: () => boolean) {}

  /** The control plane does not answer. */
  unanswered(): void {
    this.isMissed = true;
  }

  /** It answers; whether it is to be asked now. */
  heard(): boolean {
    const asks = this.isMissed && this.isWanting();
    this.isMissed = false;
    return asks;
  }
}
