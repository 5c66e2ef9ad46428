import { expect } from 'chai';
import { ReadBuffer } from '#libs/data-plane/flows/read-buffer.js';

const KIB = 1024;

function read(buffer: ReadBuffer, times: number, length?: number): void {
  for (let count = 0; count < times; count += 1) buffer.sized(length ?? buffer.bytes.length);
}

describe('the buffer that a socket reads into', () => {
  const buffers: ReadBuffer[] = [];
  const create = () => {
    const buffer = new ReadBuffer();
    buffers.push(buffer);
    return buffer;
  };
  afterEach(() => {
    for (const buffer of buffers.splice(0)) buffer.release();
  });

  it('grows while reads fill it, from 64 to 512 KiB', () => {
    const buffer = create();
    const sizes = Array.from({ length: 8 }, () => {
      read(buffer, 1);
      return buffer.bytes.length / KIB;
    });
    expect(sizes).to.deep.equal([64, 256, 256, 512, 512, 512, 512, 512]);
  });

  it('stays as it is while reads are small, and does not grow for a full one now and then', () => {
    const buffer = create();
    const { bytes } = buffer;
    for (let count = 0; count < 100; count += 1) {
      read(buffer, 1);
      read(buffer, 1, 10);
    }
    expect(buffer.bytes).to.equal(bytes);
  });

  it('shrinks again when reads stay small', () => {
    const buffer = create();
    read(buffer, 10);
    read(buffer, 31, 100);
    expect(buffer.bytes.length).to.equal(512 * KIB);
    read(buffer, 1, 100);
    expect(buffer.bytes.length).to.equal(256 * KIB);
    read(buffer, 32, 100);
    expect(buffer.bytes.length).to.equal(64 * KIB);
  });

  it('is never the buffer of two sockets, and is used again after its release', () => {
    const first = create();
    const { bytes } = first;
    const others = Array.from({ length: 20 }, create);
    for (const other of others) expect(other.bytes).to.not.equal(bytes);
    first.release();
    first.release();
    const next = [create(), create()];
    expect(next.filter((buffer) => buffer.bytes === bytes)).to.have.length(1);
  });

  it('does not grow without bound over many sockets', () => {
    const many = Array.from({ length: 500 }, create);
    for (const buffer of many) read(buffer, 10);
    expect(many.filter((buffer) => buffer.bytes.length === 512 * KIB)).to.have.length(128);
    expect(many.filter((buffer) => buffer.bytes.length === 256 * KIB)).to.have.length(128);
  });
});
