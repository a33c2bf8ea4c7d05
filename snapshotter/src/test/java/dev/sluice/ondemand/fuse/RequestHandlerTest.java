package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Index.atIndex;

import dev.sluice.linux.Errno;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.ReadCounters;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that a kernel does not send every day, or should never send; a file collects the replies. */
class RequestHandlerTest {
    private static final int HEADER = 40;
    private static final int LOOKUP = 1;
    private static final int FORGET = 2;
    private static final int GETATTR = 3;
    private static final int OPEN = 14;
    private static final int READ = 15;
    private static final int STATFS = 17;
    private static final int READDIR = 28;
    private static final int INTERRUPT = 36;
    private static final int BATCH_FORGET = 42;
    private static final long UNIQUE = 4712;
    private static final long ROOT = 1;

    private static final byte[] CONTENTS = contents();

    private final Linux linux = Linux.load();
    private final Node node = new Node("abc", new PresentLayer(CONTENTS));

    @TempDir
    Path directory;

    private LinuxFile replies;
    private Channel channel;
    private RequestHandler handler;

    @BeforeEach
    void createHandler() throws IOException {
        replies = linux.open(
                directory.resolve("replies"), OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_APPEND, 0600);
        channel = new Channel(replies);
        handler = handler(InitFlag.NO_OPEN_SUPPORT);
    }

    @AfterEach
    void closeReplies() {
        replies.close();
    }

    @Test
    void readsWithinTheFile() throws IOException {
        handle(read(node.id(), 4095, 2));

        assertThat(bodyOfReply()).containsExactly(CONTENTS[4095], CONTENTS[4096]);
    }

    @Test
    void endsAReadAtTheEndOfTheFile() throws IOException {
        handle(read(node.id(), CONTENTS.length - 1, 4096));
        assertThat(bodyOfReply()).containsExactly(CONTENTS[CONTENTS.length - 1]);

        handle(read(node.id(), CONTENTS.length, 4096));
        assertThat(bodyOfReply()).isEmpty();

        handle(read(node.id(), Long.MAX_VALUE, 4096));
        assertThat(bodyOfReply()).isEmpty();
    }

    @Test
    void refusesReadsThatNoKernelSends() throws IOException {
        handle(read(node.id(), -1, 4096));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(read(node.id(), 0, -1));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(read(node.id(), 0, (1 << 20) + 1));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(request(READ, node.id(), 39));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);
    }

    @Test
    void doesNotReadFromWhatIsNoFile() throws IOException {
        handle(read(ROOT, 0, 4096));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(read(node.id() + 1, 0, 4096));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);
    }

    @Test
    void refusesARequestWhoseLengthIsALie() throws IOException {
        ByteBuffer request = read(node.id(), 0, 1);
        request.putInt(0, 79);
        handle(request);
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handler.handle(request, 39);
        assertThat(replies.size()).isZero();
    }

    @Test
    void namesAreBoundedAndTerminated() throws IOException {
        handle(lookup("abc\0"));
        assertThat(bodyOfReply()).hasSize(128);

        handle(lookup("abc"));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(lookup("\0"));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(lookup("a".repeat(256) + "\0"));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);

        handle(lookup("abcd\0"));
        assertThat(errorOfReply()).isEqualTo(Errno.ENOENT);

        handle(lookup("..\0"));
        assertThat(errorOfReply()).isEqualTo(Errno.ENOENT);
    }

    @Test
    void attributesOfAnUnknownNodeAreStale() throws IOException {
        handle(request(GETATTR, 99, 16));

        assertThat(errorOfReply()).isEqualTo(Errno.ESTALE);
    }

    @Test
    void listsPageByPage() throws IOException {
        List<String> names = new ArrayList<>();
        long position = 0;
        while (true) {
            handle(readdir(position, 40));
            byte[] body = bodyOfReply();
            if (body.length == 0) {
                break;
            }
            ByteBuffer entry = ByteBuffer.wrap(body).order(ByteOrder.nativeOrder());
            names.add(new String(body, 24, entry.getInt(16), US_ASCII));
            position = entry.getLong(8);
        }

        assertThat(names).containsExactly(".", "..", "abc");
    }

    @Test
    void listsNothingWhereThereIsNoRoomOrNoDirectory() throws IOException {
        handle(readdir(0, 8));
        assertThat(bodyOfReply()).isEmpty();

        handle(readdir(Long.MAX_VALUE, 4096));
        assertThat(bodyOfReply()).isEmpty();

        handle(readdir(0, -1));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);
    }

    @Test
    void opensByItselfOnlyIfTheKernelCannot() throws IOException {
        handle(request(OPEN, node.id(), 8));
        assertThat(errorOfReply()).isEqualTo(Errno.ENOSYS);

        handler = handler(0);
        handle(request(OPEN, node.id(), 8));
        assertThat(bodyOfReply()).hasSize(16).contains(2, atIndex(8));
    }

    @ParameterizedTest(name = "opcode {0}")
    @ValueSource(ints = {4, 6, 8, 9, 10, 11, 12, 13, 16, 21, 24, 35, 43, 45, 47, 51})
    void nothingCanBeChanged(int opcode) throws IOException {
        handle(request(opcode, node.id(), 100));

        assertThat(errorOfReply()).isEqualTo(Errno.EROFS);
    }

    @ParameterizedTest(name = "opcode {0}")
    @ValueSource(
            ints = {0, 5, 7, 22, 23, 25, 26, 34, 39, 44, 46, 52, 53, 4096, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void whatItDoesNotKnowIsLeftToTheKernel(int opcode) throws IOException {
        handle(request(opcode, node.id(), 100));

        assertThat(errorOfReply()).isEqualTo(Errno.ENOSYS);
    }

    @Test
    void forgettingHasNoReply() throws IOException {
        handle(request(FORGET, node.id(), 8));
        handle(request(BATCH_FORGET, 0, 8));

        assertThat(replies.size()).isZero();
    }

    @Test
    void anInterruptOfAnUnknownRequestIsAskedAgain() throws IOException {
        handle(request(INTERRUPT, 0, 8));
        assertThat(errorOfReply()).isEqualTo(Errno.EAGAIN);

        handle(request(INTERRUPT, 0, 7));
        assertThat(errorOfReply()).isEqualTo(Errno.EIO);
    }

    @Test
    void tellsHowLongNamesMayBe() throws IOException {
        handle(request(STATFS, ROOT, 0));

        assertThat(ByteBuffer.wrap(bodyOfReply()).order(ByteOrder.nativeOrder()).getInt(44))
                .isEqualTo(255);
    }

    @Test
    void anyBytesGetOneReplyAtMostAndTheHandlerGoesOn() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[HEADER + random.nextInt(100)];
            random.nextBytes(bytes);
            ByteBuffer request = direct(bytes);
            request.putInt(0, random.nextInt(10) == 0 ? random.nextInt(200) : bytes.length);
            request.putInt(4, random.nextInt(60) - 2);
            request.putLong(16, random.nextBoolean() ? node.id() : random.nextInt(3));

            handler.handle(request, bytes.length);

            if (replies.size() > 0) {
                ByteBuffer reply = takeReply();
                assertThat(reply.getInt(0))
                        .as("length, seed %d, round %d", seed, i)
                        .isEqualTo(reply.limit());
                assertThat(reply.getLong(8))
                        .as("unique, seed %d, round %d", seed, i)
                        .isEqualTo(request.getLong(8));
            }
        }
        handle(read(node.id(), 0, 1));
        assertThat(bodyOfReply()).containsExactly(CONTENTS[0]);
    }

    private RequestHandler handler(long flags) {
        NodeTable nodes = NodeTable.EMPTY.with(node);
        FuseConnection connection = new FuseConnection(40, flags, 131072, 256);
        return new RequestHandler(
                connection,
                channel,
                () -> nodes,
                new Reads(channel, Unanswered.FORGOTTEN, thread -> false, new ReadCounters()),
                Unanswered.FORGOTTEN,
                null);
    }

    private void handle(ByteBuffer request) {
        handler.handle(request, request.limit());
    }

    private Errno errorOfReply() throws IOException {
        ByteBuffer reply = takeReply();
        assertThat(reply.limit()).isEqualTo(16);
        for (Errno errno : Errno.values()) {
            if (errno.number() == -reply.getInt(4)) {
                return errno;
            }
        }
        throw new AssertionError("not an error: " + reply.getInt(4));
    }

    private byte[] bodyOfReply() throws IOException {
        ByteBuffer reply = takeReply();
        assertThat(reply.getInt(4)).as("error").isZero();
        assertThat(reply.getLong(8)).as("unique").isEqualTo(UNIQUE);
        byte[] body = new byte[reply.limit() - 16];
        reply.get(16, body);
        return body;
    }

    /** The one reply since the last time. */
    private ByteBuffer takeReply() throws IOException {
        ByteBuffer reply = ByteBuffer.allocateDirect((int) replies.size()).order(ByteOrder.nativeOrder());
        replies.readFully(reply, 0);
        replies.truncate(0);
        return reply.flip();
    }

    private static ByteBuffer read(long node, long offset, int length) {
        return request(READ, node, 40).putLong(HEADER + 8, offset).putInt(HEADER + 16, length);
    }

    private static ByteBuffer readdir(long position, int room) {
        return request(READDIR, ROOT, 40).putLong(HEADER + 8, position).putInt(HEADER + 16, room);
    }

    private static ByteBuffer lookup(String name) {
        ByteBuffer request = request(LOOKUP, ROOT, name.length());
        request.put(HEADER, name.getBytes(US_ASCII));
        return request;
    }

    private static ByteBuffer request(int opcode, long node, int bodyLength) {
        return direct(new byte[HEADER + bodyLength])
                .putInt(0, HEADER + bodyLength)
                .putInt(4, opcode)
                .putLong(8, UNIQUE)
                .putLong(16, node);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip().order(ByteOrder.nativeOrder());
    }

    private static byte[] contents() {
        byte[] contents = new byte[3 * 4096];
        new Random(1).nextBytes(contents);
        return contents;
    }
}
