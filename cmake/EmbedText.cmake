# Text files as C strings:  cmake -DOUT=x.c "-DFILES=name=path,..." -P EmbedText.cmake
# Each becomes `const char NAME[]`, ended by a NUL that its size counts.
set(code "/* Made from text files at build time. */\n#include \"encode/gallery_page.h\"\n")
string(REPLACE "," ";" FILES "${FILES}")
foreach(pair ${FILES})
    string(REGEX MATCH "^([^=]+)=(.+)$" _ "${pair}")
    set(name ${CMAKE_MATCH_1})
    file(READ "${CMAKE_MATCH_2}" hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND code "\nconst char ${name}[] = {\n${bytes}'\\0'};\n")
endforeach()
file(WRITE "${OUT}" "${code}")
