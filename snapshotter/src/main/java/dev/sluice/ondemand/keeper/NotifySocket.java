package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Pipe;
import dev.sluice.linux.Poller;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a service tells its manager, by the protocol of {@code sd_notify(3)}. Safe for use by many threads. */
public final class NotifySocket {
    /** The variable that tells where the manager listens: a path, or {@code @} and an abstract name. */
    static final String VARIABLE = "NOTIFY_SOCKET";

    /** In milliseconds. A manager that is alive takes far less; this only bounds what one that is not can do to us. */
    private static final int PATIENCE = 10_000;

    private static final int SOURCE = 0;

    private final Linux linux;
    private final String address;

    private NotifySocket(Linux linux, String address) {
        this.linux = linux;
        this.address = address;
    }

    /**
     * The manager that started us; empty if there is none that listens.
     *
     * @param environment of this process
     */
    public static Optional<NotifySocket> of(Linux linux, Map<String, String> environment) {
        String address = environment.getOrDefault(VARIABLE, "");
        return address.startsWith("/") || address.startsWith("@")
                ? Optional.of(new NotifySocket(linux, address))
                : Optional.empty();
    }

    /** Says that the service does its work. */
    public void ready() throws IOException {
        send("READY=1", List.of());
    }

    /** Says that the service ends in good order. */
    public void stopping() throws IOException {
        send("STOPPING=1", List.of());
    }

    /**
     * Gives a file to the manager, and waits until it has it: a message of a process that died before it was read may be dropped.
     *
     * @param name as the manager gives it back
     */
    void store(String name, LinuxFile file) throws IOException {
        // FDPOLL=0: a file goes when we say so, not when the manager finds it hung up.
        send("FDSTORE=1\nFDNAME=" + name + "\nFDPOLL=0", List.of(file));
        awaitReceipt();
    }

    /** Has the manager close all files of a name. */
    void remove(String name) throws IOException {
        send("FDSTOREREMOVE=1\nFDNAME=" + name, List.of());
        awaitReceipt();
    }

    /** Messages are read in order, and the manager closes the pipe of a barrier: {@code sd_notify_barrier(3)}. */
    private void awaitReceipt() throws IOException {
        try (Pipe pipe = linux.pipe()) {
            send("BARRIER=1", List.of(pipe.sink()));
            pipe.sink().close();
            Poller poller = linux.poller(List.of(pipe.source()));
            long deadline = System.nanoTime() + PATIENCE * 1_000_000L;
            while (!poller.hasFailed(SOURCE)) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw new IOException("the service manager at " + address + " does not read its messages");
                }
                poller.await((int) left);
            }
        }
    }

    private void send(String message, List<LinuxFile> files) throws IOException {
        linux.unixDatagrams().send(address, message.getBytes(UTF_8), files);
    }

    @Override
    public String toString() {
        return "service manager at " + address;
    }
}
