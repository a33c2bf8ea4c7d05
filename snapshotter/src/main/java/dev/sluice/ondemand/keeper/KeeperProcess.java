package dev.sluice.ondemand.keeper;

import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.ProcessFile;
import dev.sluice.linux.Processes;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A process that holds our files.
 *
 * @param process closed with this
 * @param sequence of two of them the one with the greater number was started later
 * @param names of its files, in the order of their numbers from {@link Processes#FIRST_FILE} on
 */
record KeeperProcess(ProcessFile process, long sequence, List<String> names) implements AutoCloseable {
    KeeperProcess {
        names = List.copyOf(names);
    }

    /** Descriptors of our own of all that it holds, by name; they are the caller's. */
    Map<String, LinuxFile> takeFiles() throws IOException {
        Map<String, LinuxFile> files = new TreeMap<>();
        try {
            for (int i = 0; i < names.size(); i++) {
                files.put(names.get(i), process.takeFile(Processes.FIRST_FILE + i, "kept file " + names.get(i)));
            }
            return files;
        } catch (IOException e) {
            files.values().forEach(LinuxFile::close);
            throw e;
        }
    }

    @Override
    public void close() {
        process.close();
    }
}
