package dev.sluice.fill;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A device that can be made to behave differently in one respect. */
class DelegatingDevice implements DataDevice {
    private final DataDevice device;

    DelegatingDevice(DataDevice device) {
        this.device = device;
    }

    @Override
    public long size() {
        return device.size();
    }

    @Override
    public boolean isPresent(long offset, long length) {
        return device.isPresent(offset, length);
    }

    @Override
    public long firstAbsent(long offset) {
        return device.firstAbsent(offset);
    }

    @Override
    public long presentBytes() {
        return device.presentBytes();
    }

    @Override
    public void write(long offset, ByteBuffer pages) throws IOException {
        device.write(offset, pages);
    }

    @Override
    public void read(long offset, ByteBuffer into) throws IOException {
        device.read(offset, into);
    }

    @Override
    public void forget(long offset, long length) throws IOException {
        device.forget(offset, length);
    }

    @Override
    public void sync() throws IOException {
        device.sync();
    }

    @Override
    public void close() throws IOException {
        device.close();
    }
}
