package dev.sluice.ondemand;

import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A keeper within this process: holds duplicates of what it is given, until it is closed. */
public final class HeldFiles implements Keeper {
    private final Map<String, LinuxFile> files = new ConcurrentHashMap<>();

    @Override
    public boolean isPresent() {
        return true;
    }

    @Override
    public Optional<LinuxFile> take(String name) throws IOException {
        LinuxFile file = files.get(name);
        return file == null ? Optional.empty() : Optional.of(file.duplicate());
    }

    @Override
    public void keep(String name, LinuxFile file) throws IOException {
        LinuxFile before = files.put(name, file.duplicate());
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void forget(String... names) {
        for (String name : names) {
            LinuxFile before = files.remove(name);
            if (before != null) {
                before.close();
            }
        }
    }

    @Override
    public void close() {
        files.keySet().forEach(this::forget);
    }
}
