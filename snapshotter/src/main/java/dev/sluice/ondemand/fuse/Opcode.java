package dev.sluice.ondemand.fuse;

import java.util.Arrays;

/** {@code enum fuse_opcode}: what the kernel asks. */
enum Opcode {
    UNKNOWN(0),
    LOOKUP(1),
    FORGET(2),
    GETATTR(3),
    SETATTR(4),
    SYMLINK(6),
    MKNOD(8),
    MKDIR(9),
    UNLINK(10),
    RMDIR(11),
    RENAME(12),
    LINK(13),
    OPEN(14),
    READ(15),
    WRITE(16),
    STATFS(17),
    RELEASE(18),
    SETXATTR(21),
    REMOVEXATTR(24),
    INIT(26),
    OPENDIR(27),
    READDIR(28),
    RELEASEDIR(29),
    CREATE(35),
    INTERRUPT(36),
    DESTROY(38),
    NOTIFY_REPLY(41),
    BATCH_FORGET(42),
    FALLOCATE(43),
    RENAME2(45),
    COPY_FILE_RANGE(47),
    TMPFILE(51);

    private static final Opcode[] BY_NUMBER = byNumber();

    private final int number;

    Opcode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    /** {@link #UNKNOWN} for what Sluice has no answer to. */
    static Opcode of(int number) {
        return number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
    }

    private static Opcode[] byNumber() {
        Opcode[] table = new Opcode[TMPFILE.number + 1];
        Arrays.fill(table, UNKNOWN);
        for (Opcode opcode : values()) {
            table[opcode.number] = opcode;
        }
        return table;
    }
}
