# What makes a mistake in our code, or in a library's, harder to use. tests/rules/hardened.py reads it from what is
# installed.
include(CheckCCompilerFlag)
include(CheckCXXCompilerFlag)
include(CheckLinkerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)

check_pie_supported(LANGUAGES C CXX)

foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection)
    string(MAKE_C_IDENTIFIER "WADOKIT${flag}" known)
    check_c_compiler_flag("-Werror ${flag}" ${known}_C)
    check_cxx_compiler_flag("-Werror ${flag}" ${known}_CXX)
    if(${known}_C AND ${known}_CXX)
        target_compile_options(wadokit_flags INTERFACE ${flag})
    endif()
endforeach()

# Sanitizers look at more, and do not go with it; without optimisation it does nothing but warn.
if(NOT WADOKIT_SANITIZE)
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
    check_c_source_compiles("#include <string.h>\nint main(void) { return (int)strlen(\"\"); }" WADOKIT_FORTIFY_3)
    unset(CMAKE_REQUIRED_FLAGS)
    set(level $<IF:$<BOOL:${WADOKIT_FORTIFY_3}>,3,2>)
    target_compile_options(wadokit_flags INTERFACE
        $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${level}>)
endif()

foreach(option relro now noexecstack)
    check_linker_flag(C "LINKER:-z,${option}" WADOKIT_Z_${option})
    if(WADOKIT_Z_${option})
        target_link_options(wadokit_flags INTERFACE LINKER:-z,${option})
    endif()
endforeach()
