<?php
/**
 * A post's content as a visitor sees it.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.WP.GlobalVariablesOverride -- that is what this is for; all of it is put back.

/**
 * Blocks, shortcodes and other plugins look at the query, the post and the user to know what to show. For as long as one document is
 * made, these are those of a stranger who has opened the post's own page. What keeps text for members works in this view, so all of
 * the document is made in it.
 */
final class Visitor_View {

	/** What WordPress keeps about the page that is being shown. */
	const GLOBALS_OF_A_PAGE = array( 'post', 'wp_query', 'wp_the_query', 'id', 'authordata', 'currentday', 'currentmonth', 'page', 'pages', 'multipage', 'more', 'numpages', 'current_screen', 'wp_current_filter' );

	/** What a query has once it was run, beside the empty values that it is filled up with. */
	const QUERY = array(
		'page'                   => 0,
		'fields'                 => 'all',
		'update_post_term_cache' => true,
		'update_post_meta_cache' => true,
	);

	/** Seconds that a call to another server may take which a shortcode makes. */
	const PATIENCE = 3;

	/** What is left out of a post that ended the program before: at first its shortcodes, then other plugins' blocks, too. */
	const NO_SHORTCODES = 1;
	const NO_BLOCKS     = 2;

	/**
	 * Makes something in this view.
	 *
	 * @param \WP_Post|null $post The post whose page is open; null for none.
	 * @param callable      $make What to do.
	 * @return mixed What that returned.
	 * @throws \Throwable What it threw; everything is put back before.
	 */
	public static function during( $post, callable $make ) {
		$kept = array_intersect_key( $GLOBALS, array_flip( self::GLOBALS_OF_A_PAGE ) );
		$user = get_current_user_id();
		$ours = switch_to_locale( get_locale() ); // In the admin it may be the language of the user.
		$deep = ob_get_level();
		ob_start(); // A shortcode that prints what it should return must not reach anybody.
		try {
			wp_set_current_user( 0 );
			if ( class_exists( 'WP_Screen', false ) ) {
				$GLOBALS['current_screen'] = \WP_Screen::get( 'front' ); // Now is_admin() is false.
			}
			add_filter( 'http_request_args', array( self::class, 'be_impatient' ), PHP_INT_MAX );
			if ( $post ) {
				self::open_page( $post );
			}
			return $make();
		} finally {
			remove_filter( 'http_request_args', array( self::class, 'be_impatient' ), PHP_INT_MAX );
			while ( ob_get_level() > $deep && ob_end_clean() ) {
				continue;
			}
			foreach ( self::GLOBALS_OF_A_PAGE as $name ) {
				if ( array_key_exists( $name, $kept ) ) {
					$GLOBALS[ $name ] = $kept[ $name ];
				} else {
					unset( $GLOBALS[ $name ] );
				}
			}
			wp_set_current_user( $user );
			if ( $ours ) {
				restore_previous_locale();
			}
		}
	}

	/**
	 * The content of the post whose page is open. Whatever is left out, the rest goes the way that it goes on a page: there stands
	 * what other plugins keep for members. But of another site's video or picture the address says enough, and need not be fetched.
	 *
	 * @param int $without 0, NO_SHORTCODES or NO_BLOCKS.
	 * @return string HTML.
	 * @throws \Throwable What a block, a shortcode or another plugin threw.
	 */
	public static function content( $without ) {
		// The parts of a post that is split into pages are one document; `more` marks nothing on the post's own page. They are
		// taken from where a theme takes them, for a plugin may have put something else there on the hook `the_post`.
		$content = preg_replace( '/<!--(more(.*?)|noteaser)-->/', '', implode( "\n\n", $GLOBALS['pages'] ) );
		$hook    = clone $GLOBALS['wp_filter']['the_content'];
		$embeds  = remove_filter( 'the_content', array( $GLOBALS['wp_embed'], 'autoembed' ), 8 );
		if ( $without >= self::NO_SHORTCODES ) {
			add_filter( 'pre_do_shortcode_tag', '__return_empty_string', PHP_INT_MAX );
		}
		if ( $without >= self::NO_BLOCKS ) {
			add_filter( 'pre_render_block', array( self::class, 'leave_out' ), PHP_INT_MAX, 2 );
		}
		try {
			/** This filter is documented in wp-includes/post-template.php */
			return (string) apply_filters( 'the_content', $content ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
		} catch ( \Throwable $error ) {
			$GLOBALS['wp_filter']['the_content'] = $hook; // For posts with blocks WordPress takes wpautop() away, and has not given it back.
			throw $error;
		} finally {
			remove_filter( 'pre_do_shortcode_tag', '__return_empty_string', PHP_INT_MAX );
			remove_filter( 'pre_render_block', array( self::class, 'leave_out' ), PHP_INT_MAX );
			if ( $embeds ) {
				add_filter( 'the_content', array( $GLOBALS['wp_embed'], 'autoembed' ), 8 );
			}
		}
	}

	/**
	 * Leaves out a block that a program of another plugin makes, with all that is in it: that program may be what hides it.
	 *
	 * @param string|null $made  What another plugin has put in its place.
	 * @param array       $block The block, as parse_blocks() returns it.
	 * @return string|null
	 */
	public static function leave_out( $made, $block ) {
		$name = (string) $block['blockName'];
		$type = 0 === strpos( $name, 'core/' ) ? null : \WP_Block_Type_Registry::get_instance()->get_registered( $name );
		return $type && $type->is_dynamic() ? '' : $made;
	}

	/**
	 * Makes WordPress believe that a post's page was asked for.
	 *
	 * @param \WP_Post $post A post.
	 */
	private static function open_page( $post ) {
		$list          = self::query( $post );
		$list->is_home = true;
		Wp_Action::fire_once( $list );

		$query                    = self::query( $post );
		$query->queried_object    = $post;
		$query->queried_object_id = $post->ID;
		$query->is_singular       = true;
		$query->is_page           = 'page' === $post->post_type;
		$query->is_single         = ! $query->is_page;
		$GLOBALS['wp_query']      = $query;
		$GLOBALS['wp_the_query']  = $query;
		$query->the_post();
	}

	/**
	 * A query that has found a post.
	 *
	 * @param \WP_Post $post A post.
	 * @return \WP_Query
	 */
	private static function query( $post ) {
		$query              = new \WP_Query();
		$query->posts       = array( $post );
		$query->post        = $post;
		$query->post_count  = 1;
		$query->found_posts = 1;
		$query->query_vars  = self::QUERY + $query->fill_query_vars( array() );
		return $query;
	}

	/**
	 * Shortens the time that other servers are waited for.
	 *
	 * @param array $request What WordPress is about to send.
	 * @return array
	 */
	public static function be_impatient( $request ) {
		$request['timeout'] = min( self::PATIENCE, isset( $request['timeout'] ) ? (float) $request['timeout'] : self::PATIENCE );
		return $request;
	}
}
